//! Messages, responses, events and published records of the Souk contracts
