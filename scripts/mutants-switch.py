"""Compiles all mutants of a contract into its tests at once, each behind a switch, and runs the tests with
one switch after the other. To compile each by itself, as cargo-mutants does, takes many times as long.

    mutants-switch.py TREE CONTRACT LIST OUT

TREE is a copy of the repository, whose sources are overwritten. LIST is what `cargo mutants --list --json`
says of TREE. OUT gets the names, one a line, in caught.txt, missed.txt, timeout.txt, unviable.txt and
unswitched.txt: those outside functions, and of functions that return an `impl`, are for cargo-mutants.
"""

import collections
import json
import os
import re
import subprocess
import sys
import time

tree, contract, list_file, out = sys.argv[1:]
# The first panic ends the process: a test has seen the mutant, and the others need not run.
SWITCH = """
pub fn is_mutant(number: u32) -> bool {
    static CHOSEN: std::sync::OnceLock<u32> = std::sync::OnceLock::new();
    *CHOSEN.get_or_init(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            usual(info);
            std::process::abort()
        }));
        std::env::var("SOUK_MUTANT").ok().and_then(|given| given.parse().ok()).unwrap_or(0)
    }) == number
}
"""
# The quickest first: what it catches is not run again by the others.
TARGETS = ["lib", "suite", "model"]
TOO_LONG = "timeout"


def offset(source, place):
    lines = source.splitlines(keepends=True)
    return sum(map(len, lines[: place["line"] - 1])) + place["column"] - 1


def body_start(source, end):
    """Behind the brace that opens what the one before `end` closes."""
    depth = 0
    for at in range(end - 1, -1, -1):
        depth += {"}": 1, "{": -1}.get(source[at], 0)
        if depth == 0:
            return at + 1
    raise ValueError("a body without beginning")


def switched(source, number, mutant):
    """Where a function's body begins, and what goes there: the whole body, mutated, if it is switched on."""
    end = offset(source, mutant["function"]["span"]["end"])
    start = body_start(source, end)
    body = mutant["replacement"]
    if mutant["genre"] != "FnValue":
        first, last = (offset(source, mutant["span"][edge]) for edge in ("start", "end"))
        body = f"{source[start:first]} {body} {source[last:end - 1]}"
    return start, f"\nif crate::is_mutant({number}) {{ return {{ {body} }}; }}\n"


def write(sources, mutants):
    """Writes the sources with their switches; says which line is which mutant's."""
    lines = {}
    for file, source in sources.items():
        inserts = collections.defaultdict(list)
        for number, mutant in mutants.items():
            if mutant["file"] == file:
                start, text = switched(source, number, mutant)
                inserts[start].append((number, text))
        text, done = "", 0
        for start in sorted(inserts):
            text, done = text + source[done:start], start
            for number, insert in inserts[start]:
                first = text.count("\n") + 1
                text += insert
                lines.update({(file, line): number for line in range(first + 1, text.count("\n") + 1)})
        text += source[done:]
        with open(os.path.join(tree, file), "w") as to:
            to.write(text + (SWITCH if file.endswith("/src/lib.rs") else ""))
    return lines


def blamed(message, lines):
    """The mutant that an error of the compiler is about."""
    for part in [message, *message["children"]]:
        for span in part["spans"]:
            while span:
                number = lines.get((span["file_name"], span["line_start"]))
                if number:
                    return number
                span = (span["expansion"] or {}).get("span")
    return None


def compile_all(lines):
    """The programs of the tests by their names, and the mutants that do not compile."""
    command = ["cargo", "test", "--package", f"souk-{contract}", "--no-run", "--message-format", "json"]
    command += ["--config", 'profile.dev.package."*".opt-level=1', "--lib", "--test", "suite", "--test", "model"]
    ran = subprocess.run(command, cwd=tree, stdout=subprocess.PIPE, text=True)
    programs, wrong, others = {}, set(), []
    for line in ran.stdout.splitlines():
        told = json.loads(line) if line.startswith("{") else {}
        if told.get("executable") and told["profile"]["test"]:
            name = told["target"]["name"]
            programs[name if name in TARGETS else "lib"] = told["executable"]
        if told.get("reason") == "compiler-message" and told["message"]["level"] == "error":
            number = blamed(told["message"], lines)
            wrong.add(number) if number else others.append(told["message"]["rendered"])
    if ran.returncode and not wrong:
        sys.exit("".join(others) or "the tests do not compile")
    return programs, wrong


def run(program, number, seconds):
    """Whether the tests pass; `TOO_LONG` if they do not end."""
    environment = dict(os.environ, SOUK_MUTANT=str(number))
    folder = os.path.join(tree, "contracts", contract)
    try:
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        ran = subprocess.run([program, "-q"], cwd=folder, env=environment, timeout=seconds, **quiet)
    except subprocess.TimeoutExpired:
        return TOO_LONG
    return ran.returncode == 0


def verdict(programs, number, limits):
    for target in TARGETS:
        passed = run(programs[target], number, limits[target])
        if passed == TOO_LONG:
            return "timeout"
        if not passed:
            return "caught"
    return "missed"


def main():
    with open(list_file) as file:
        listed = json.load(file)
    names = collections.defaultdict(list)
    mutants = {}
    for number, mutant in enumerate(listed, start=1):
        function = mutant["function"]
        if function and "impl " not in (function["return_type"] or ""):
            mutants[number] = mutant
        else:
            names["unswitched"].append(mutant["name"])
    files = {mutant["file"] for mutant in mutants.values()} | {f"contracts/{contract}/src/lib.rs"}
    sources = {}
    for file in files:
        with open(os.path.join(tree, file)) as text:
            sources[file] = text.read()
    wrong = True
    while wrong:
        programs, wrong = compile_all(write(sources, mutants))
        names["unviable"] += [mutants.pop(number)["name"] for number in sorted(wrong)]
    limits = {}
    for target in TARGETS:
        began = time.monotonic()
        if run(programs[target], 0, 600) is not True:
            sys.exit(f"the tests fail without a mutant: {target}")
        limits[target] = max(30, 5 * (time.monotonic() - began))
    for done, (number, mutant) in enumerate(mutants.items(), start=1):
        result = verdict(programs, number, limits)
        names[result].append(mutant["name"])
        if result != "caught":
            print(f"{result}: {mutant['name']}", file=sys.stderr, flush=True)
        if done % 50 == 0:
            print(f"{done} of {len(mutants)}", file=sys.stderr, flush=True)
    for result in ["caught", "missed", "timeout", "unviable", "unswitched"]:
        with open(os.path.join(out, f"{result}.txt"), "w") as to:
            to.writelines(f"{name}\n" for name in names[result])


main()
