use souk_sdl::ImageCredentials;

use crate::support::{codes, edit, first, hash, service, v2_1};

#[test]
fn a_service_needs_an_image_and_a_plain_name() {
    for image in ["\"\"", "~", ""] {
        assert_eq!(codes(&edit(&[("image: nginx", &format!("image: {image}"))])), ["missing-key"]);
    }
    for name in ["App", "a_b", "1app", "app-", "äpp"] {
        let named = edit(&[
            ("  app:\n    image", &format!("  {name}:\n    image")),
            ("\n  app:\n", &format!("\n  {name}:\n")),
        ]);
        assert_eq!(codes(&named), ["invalid-name"], "{name}");
    }
}

#[test]
fn process_and_environment_are_lists_of_texts() {
    let service_of = |lines: &str| first(&service(lines));
    assert_eq!(
        service_of("command: [sh, -c, 1, true]").command.unwrap(),
        ["sh", "-c", "1", "true"]
    );
    assert_eq!(service_of("args: []").args.unwrap(), [""; 0]);
    assert_eq!(service_of("args: ~").args, None);
    assert_eq!(service_of("env: [A=1, ~, 'B=x=y', C]").env.unwrap(), ["A=1", "B=x=y", "C"]);
    for lines in ["command: sh", "env: A=1", "args: {a: b}", "env: [[A=1]]", "image2: x\nargs: 1"] {
        assert!(codes(&service(lines)).contains(&"wrong-type".to_owned()), "{lines}");
    }
}

#[test]
fn environment_names_are_checked() {
    for entry in ["=1", "1A=1", "5", "a b=1", "..=1", ".=1", "..A=1"] {
        assert_eq!(codes(&service(&format!("env:\n  - \"{entry}\""))), ["invalid-name"], "{entry}");
    }
    for entry in ["a.b=1", "-a=1", ".a=1", "_", "A"] {
        first(&service(&format!("env:\n  - \"{entry}\"")));
    }
}

#[test]
fn an_empty_list_hashes_unlike_no_list() {
    let none = hash(&edit(&[]));
    assert_ne!(hash(&service("command: []")), none);
    assert_ne!(hash(&service("params: {}")), none);
    assert_eq!(hash(&service("command: ~")), none);
    assert_eq!(hash(&service("credentials: ~")), none);
    assert_eq!(hash(&service("dependencies: [{service: app}]")), none);
}

const LOGIN: &str =
    "credentials:\n  host: \" ghcr.io \"\n  username: ann\n  password: \"s \"\n  email: a@b\n";

#[test]
fn version_2_0_drops_the_email_and_2_1_trims_blanks() {
    let login = |host: &str, email: &str, password: &str| ImageCredentials {
        host: host.into(),
        email: email.into(),
        username: "ann".into(),
        password: password.into(),
    };
    assert_eq!(first(&service(LOGIN)).credentials.unwrap(), login(" ghcr.io ", "", "s "));
    assert_eq!(first(&v2_1(&service(LOGIN))).credentials.unwrap(), login("ghcr.io", "a@b", "s"));
}

#[test]
fn credentials_need_host_username_and_password() {
    assert_eq!(codes(&service("credentials: {}")), ["missing-key"; 3]);
    for key in ["host: \" ghcr.io \"", "username: ann", "password: \"s \""] {
        let name = key.split(':').next().unwrap();
        let text = service(&LOGIN.replacen(key, &format!("{name}: \" \""), 1));
        assert_eq!(codes(&text), ["missing-key"], "{key}");
    }
}

#[test]
fn credentials_are_not_shown_by_debug() {
    let shown = format!("{:?}", first(&service(LOGIN)));
    assert!(shown.contains("(secret)") && !shown.contains("\"s \""));
}

#[test]
fn permissions_and_confidential_computing_go_into_the_manifest() {
    let params =
        first(&service("params:\n  permissions:\n    read: [logs]\n  tee: cpu")).params.unwrap();
    assert_eq!(params.storage, None);
    assert_eq!(params.permissions.unwrap().read, ["logs"]);
    let tee = params.tee.unwrap();
    assert_eq!((tee.r#type.as_str(), tee.attestation), ("cpu", true));
    assert_eq!(codes(&service("params:\n  tee: tdx")), ["unknown-value"]);
    assert_eq!(codes(&service("params:\n  tee: cpu-gpu")), ["tee"]);
}

#[test]
fn unknown_keys_of_a_service_are_ignored_whatever_they_hold() {
    let odd = "x: {a: 1, a: 2}\nrestart: [always, {b: c}]";
    assert_eq!(hash(&service(odd)), hash(&edit(&[])));
}
