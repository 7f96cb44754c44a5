use super::*;

fn rules(allow: &[&str], deny: &[&str]) -> ImageRules {
    let patterns = |texts: &[&str]| texts.iter().map(|text| Pattern((*text).to_owned())).collect();
    ImageRules { allow: patterns(allow), deny: patterns(deny), pulled: true }
}

fn code(rules: &ImageRules, image: &str) -> &'static str {
    rules.check(image).map_or_else(|refusal| refusal.code(), |()| "ok")
}

#[test]
fn a_reference_is_read_as_container_runtimes_read_it() {
    let digest = format!("sha256:{}", "a".repeat(64));
    for (text, name, tag, by_digest) in [
        ("nginx", "docker.io/library/nginx", None, false),
        ("nginx:1.27", "docker.io/library/nginx", Some("1.27"), false),
        ("bitnami/redis", "docker.io/bitnami/redis", None, false),
        ("docker.io/nginx", "docker.io/library/nginx", None, false),
        ("index.docker.io/a/b", "docker.io/a/b", None, false),
        ("ghcr.io/a/b/c:v1", "ghcr.io/a/b/c", Some("v1"), false),
        ("Registry.example.com/a", "registry.example.com/a", None, false),
        ("registry.example.com:5000/a", "registry.example.com:5000/a", None, false),
        ("localhost/a", "localhost/a", None, false),
        ("[2606:4700::1111]:443/a", "[2606:4700::1111]:443/a", None, false),
        (&format!("a/b__c-d.e@{digest}"), "docker.io/a/b__c-d.e", None, true),
        (&format!("a/b:x@{digest}"), "docker.io/a/b", Some("x"), true),
    ] {
        let image: Reference = text.parse().unwrap();
        assert_eq!(image.name(), name, "{text}");
        assert_eq!(image.tag.as_deref(), tag, "{text}");
        assert_eq!(image.digest.is_some(), by_digest, "{text}");
    }
}

#[test]
fn what_is_no_reference_is_refused_with_its_reason() {
    let long = format!("ghcr.io/{}", "a/".repeat(130) + "a");
    for text in [
        "",
        " nginx",
        "nginx\n",
        "Nginx",
        "nginx:",
        "nginx:a b",
        "nginx:.x",
        "a//b",
        "a/../b",
        "-a",
        "a_",
        "a___b",
        "http://example.com/a",
        "user@example.com/a",
        "example.com:/a",
        "example.com:99999/a",
        "example.com./a",
        "[::1/a",
        "[fe80::1%25eth0]:80/a",
        "exa_mple.com/a",
        "nginx@sha256:abc",
        "nginx@md5",
        "ghcr.io/",
        &long,
        &format!("a:{}", "t".repeat(129)),
    ] {
        let refused = rules(&[], &[]).check(text);
        assert!(matches!(refused, Err(ImageRefusal::Invalid(_))), "{text:?}: {refused:?}");
    }
}

#[test]
fn no_image_comes_from_a_private_network_however_it_is_written() {
    for registry in [
        "localhost",
        "LOCALHOST:5000",
        "registry.localhost:5000",
        "127.0.0.1:5000",
        "127.1:80",
        "2130706433:80",
        "0x7f.0.0.1",
        "0x7f000001:80",
        "127.0.0.0x1",
        "10.0.0.5",
        "192.168.1.1:5000",
        "169.254.169.254",
        "100.100.100.200",
        "168.63.129.16:80",
        "[::1]:5000",
        "[::ffff:169.254.169.254]:80",
        "[fd00:ec2::254]:80",
        "[fe80::1]:80",
        "registry:5000",
        "registry.kube-system.svc:5000",
        "registry.kube-system.svc.cluster.local:5000",
        "printer.local",
        "metadata.google.internal",
    ] {
        let image = format!("{registry}/latest/image");
        assert_eq!(code(&rules(&[], &[]), &image), "image_registry_private", "{image}");
        // A pattern with a wildcard does not mean it.
        assert_eq!(code(&rules(&["*"], &[]), &image), "image_registry_private", "{image}");
    }
    for image in ["nginx", "1.1.1.1/a", "[2606:4700::1111]:443/a", "registry.example.com:5000/a"] {
        assert_eq!(code(&rules(&[], &[]), image), "ok", "{image}");
    }
}

#[test]
fn a_private_registry_that_is_written_out_is_meant() {
    let own = rules(&["10.0.0.5:5000", "docker.io"], &[]);
    assert_eq!(code(&own, "10.0.0.5:5000/team/app"), "ok");
    assert_eq!(code(&own, "10.0.0.5/team/app"), "image_not_allowed");
    assert_eq!(code(&own, "nginx"), "ok");
    // Nodes that pull nothing ask no registry.
    let local = ImageRules { pulled: false, ..rules(&[], &[]) };
    assert_eq!(code(&local, "registry.local/web:1"), "ok");
}

#[test]
fn patterns_allow_and_deny_and_a_denial_is_stronger() {
    let rules =
        rules(&["ghcr.io", "docker.io/library/*", "*/tools/*:v1"], &["*miner*", "ghcr.io/bad/*"]);
    for (image, expected) in [
        ("nginx:1", "ok"),
        ("ghcr.io/good/app", "ok"),
        ("GHCR.io/good/app", "ok"),
        ("ghcr.io/bad/app", "image_denied"),
        ("ghcr.io/good/xminer2", "image_denied"),
        ("quay.io/a/b", "image_not_allowed"),
        ("quay.io/tools/b:v1", "ok"),
        ("quay.io/tools/b:v2", "image_not_allowed"),
        ("ghcr.io.example.com/a", "image_not_allowed"),
    ] {
        assert_eq!(code(&rules, image), expected, "{image}");
    }
}
