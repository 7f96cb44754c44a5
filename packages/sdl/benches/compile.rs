//! Files a second from text to version hash, one thread.
//!
//! With `SOUK_SDL_CORPUS` set over all files of the corpus that Akash accepts or
//! refuses, else over the templates. Criterion's throughput counts files.
#![allow(clippy::unwrap_used, missing_docs)]

use std::{env, fs, hint::black_box, path::Path};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use souk_sdl::{Options, compile, compile_bytes, templates};

fn files(folder: &Path, into: &mut Vec<Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, into);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "yaml" || extension == "yml")
        {
            into.push(fs::read(path).unwrap());
        }
    }
}

fn corpus(c: &mut Criterion) {
    let Some(folder) = env::var_os("SOUK_SDL_CORPUS") else {
        println!("SOUK_SDL_CORPUS names no corpus: measuring the templates alone");
        return;
    };
    let mut texts = Vec::new();
    for part in ["community", "golden/input", "probes"] {
        files(&Path::new(&folder).join(part), &mut texts);
    }
    let mut group = c.benchmark_group("corpus");
    group.throughput(Throughput::Elements(texts.len() as u64));
    group.bench_function("text_to_hash", |b| {
        b.iter(|| {
            for text in &texts {
                let result = compile_bytes(black_box(text), &Options::default());
                black_box(result.map(|compiled| compiled.version).ok());
            }
        });
    });
    group.finish();
}

fn template(c: &mut Criterion) {
    let mut group = c.benchmark_group("templates");
    for template in templates::ALL {
        group.throughput(Throughput::Elements(1));
        group.bench_function(template.name, |b| {
            b.iter(|| {
                compile(black_box(template.text), &Options::default())
                    .map(|compiled| compiled.version)
            });
        });
    }
    group.finish();
}

criterion_group!(benches, corpus, template);
criterion_main!(benches);
