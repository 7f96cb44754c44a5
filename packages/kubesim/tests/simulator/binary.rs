//! The simulator as a process of its own.

use std::{
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command, Stdio},
};

use k8s_openapi::api::core::v1::Node;
use kube::{Api, api::ListParams, config::Kubeconfig};

use crate::support::client_of;

struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // Gone already is as good.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(folder: &Path, cluster: &str) -> Process {
    let file = folder.join("cluster.yaml");
    std::fs::write(&file, cluster).unwrap();
    let child = Command::new(env!("CARGO_BIN_EXE_souk-kubesim"))
        .args(["--listen", "127.0.0.1:0", "--kubeconfig"])
        .arg(folder.join("kubeconfig"))
        .arg("--cluster")
        .arg(file)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    Process(child)
}

#[tokio::test]
async fn the_process_writes_a_kubeconfig_that_leads_to_its_nodes() {
    let folder = tempfile::tempdir().unwrap();
    let cluster = r#"
name: east
nodes:
  - name: gpu
    count: 2
    labels: {nvidia.com/gpu.product: NVIDIA-H100-80GB-HBM3}
    taints: [{key: nvidia.com/gpu, value: present, effect: NoSchedule}]
    allocatable: {cpu: "32", memory: 128Gi, nvidia.com/gpu: "8"}
"#;
    let mut process = start(folder.path(), cluster);
    let mut line = String::new();
    BufReader::new(process.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.contains("https://127.0.0.1:"), "{line}");
    let path = folder.path().join("kubeconfig");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let client = client_of(Kubeconfig::read_from(path).unwrap()).await;
    let nodes = Api::<Node>::all(client).list(&ListParams::default()).await.unwrap();
    let names: Vec<String> = nodes.iter().map(|n| n.metadata.name.clone().unwrap()).collect();
    assert_eq!(names, ["gpu-1", "gpu-2"]);
    let status = nodes.items[0].status.clone().unwrap();
    assert_eq!(status.allocatable.unwrap()["nvidia.com/gpu"].0, "8");
}

#[test]
fn a_cluster_file_with_a_mistake_is_refused_with_its_place() {
    for (cluster, word) in [
        ("nodes: [{name: a, alocatable: {}}]", "alocatable"),
        ("nodes: [{name: a, allocatable: {cpu: lots}}]", "lots"),
        ("nodes: [{name: a, allocatable: {}, taints: [{key: k, effect: Never}]}]", "Never"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut process = start(folder.path(), cluster);
        let status = process.0.wait().unwrap();
        let mut text = String::new();
        std::io::Read::read_to_string(&mut process.0.stderr.take().unwrap(), &mut text).unwrap();
        assert!(!status.success());
        assert!(text.contains(word), "{word} is not in {text}");
    }
}
