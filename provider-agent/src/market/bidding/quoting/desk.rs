//! Where the bidding loop is asked.

use std::{sync::Arc, time::Duration};

use souk_gateway::quote::QuoteAnswer;
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};

use super::{NotQuoted, QuoteCounts, QuotesAsked};
use crate::model::placement::Available;

/// Questions that wait, at most.
const QUEUE: usize = 64;
/// For how long an answer is waited for.
const LIMIT: Duration = Duration::from_secs(5);

/// A question to the bidding loop.
#[derive(Debug)]
pub enum Question {
    /// For prices of groups.
    Quotes(Box<QuotesAsked>, oneshot::Sender<Result<Vec<QuoteAnswer>, NotQuoted>>),
    /// For what is there.
    Available(oneshot::Sender<Available>),
}

/// Asks the bidding loop. Cheap to clone.
#[derive(Debug, Clone)]
pub struct QuoteDesk {
    questions: mpsc::Sender<Question>,
    counts: Arc<QuoteCounts>,
}

/// The other end, for the bidding loop.
#[derive(Debug)]
pub struct QuoteQuestions {
    pub(in super::super) questions: mpsc::Receiver<Question>,
    pub(in super::super) counts: Arc<QuoteCounts>,
}

impl QuoteDesk {
    /// A desk, and its end for the loop.
    pub fn new() -> (Self, QuoteQuestions) {
        let (sender, questions) = mpsc::channel(QUEUE);
        let counts = Arc::new(QuoteCounts::default());
        (
            Self { questions: sender, counts: Arc::clone(&counts) },
            QuoteQuestions { questions, counts },
        )
    }

    /// What is counted of quotes.
    pub fn counts(&self) -> &Arc<QuoteCounts> {
        &self.counts
    }

    /// Asks for prices; one answer for each group.
    ///
    /// # Errors
    ///
    /// If there is no answer to any.
    pub async fn quotes(&self, asked: QuotesAsked) -> Result<Vec<QuoteAnswer>, NotQuoted> {
        self.counts.asked(asked.groups.len());
        let (reply, answer) = oneshot::channel();
        let answer = self.ask(Question::Quotes(Box::new(asked), reply), answer).await;
        answer.and_then(|answer| answer).inspect_err(|why| self.counts.refused(why))
    }

    /// Asks what is there.
    ///
    /// # Errors
    ///
    /// If too many ask, or there is no answer in time.
    pub async fn available(&self) -> Result<Available, NotQuoted> {
        let (reply, answer) = oneshot::channel();
        self.ask(Question::Available(reply), answer).await
    }

    async fn ask<T>(
        &self,
        question: Question,
        answer: oneshot::Receiver<T>,
    ) -> Result<T, NotQuoted> {
        self.questions.try_send(question).map_err(|_| NotQuoted::Busy)?;
        let late = NotQuoted::Late(LIMIT.as_secs());
        timeout(LIMIT, answer).await.ok().and_then(Result::ok).ok_or(late)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_comes_to_a_full_desk_is_told_at_once_and_for_who_left_nobody_decides() {
        let (desk, mut end) = QuoteDesk::new();
        let mut waiting = Vec::new();
        for _ in 0..QUEUE {
            let desk = desk.clone();
            waiting.push(tokio::spawn(async move { desk.available().await }));
        }
        while desk.questions.capacity() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(desk.available().await.unwrap_err(), NotQuoted::Busy);
        for asked in waiting {
            asked.abort();
            assert!(asked.await.is_err());
        }
        // Nobody waits any more for what is still in the queue.
        while let Ok(question) = end.questions.try_recv() {
            let Question::Available(reply) = question else { panic!("{question:?}") };
            assert!(reply.is_closed());
        }
    }
}
