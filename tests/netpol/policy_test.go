// Who may reach whom, by the policies that the agent makes and a simulator of their meaning.
//
// The file named by SOUK_WORLD holds what the agent's own code makes of three leases; the test
// `network_policy` of the project's test crate writes it and runs this.
package netpol

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"

	"github.com/mattfenwick/cyclonus/pkg/matcher"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
)

// A lease as the agent makes it.
type lease struct {
	Namespace corev1.Namespace              `json:"namespace"`
	Policies  []*networkingv1.NetworkPolicy `json:"policies"`
	Pods      map[string]map[string]string  `json:"pods"`
}

type world struct {
	// By the tenants' names.
	Leases map[string]*lease `json:"leases"`
	policy *matcher.Policy
}

func read(t *testing.T) *world {
	t.Helper()
	path := os.Getenv("SOUK_WORLD")
	if path == "" {
		t.Fatal("SOUK_WORLD names no file: run `cargo test -p souk-tests --test network_policy`")
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{}
	if err := json.Unmarshal(text, w); err != nil {
		t.Fatal(err)
	}
	var all []*networkingv1.NetworkPolicy
	for tenant, lease := range w.Leases {
		if len(lease.Policies) == 0 {
			t.Fatalf("%s has no policy", tenant)
		}
		all = append(all, lease.Policies...)
	}
	w.policy = matcher.BuildNetworkPolicies(false, all)
	return w
}

// Pods of the cluster that are no tenant's: their namespace's and their own labels.
var system = map[string][2]map[string]string{
	"dns":         {{"kubernetes.io/metadata.name": "kube-system"}, {"k8s-app": "kube-dns"}},
	"metrics":     {{"kubernetes.io/metadata.name": "kube-system"}, {"k8s-app": "metrics-server"}},
	"ingress":     {{"kubernetes.io/metadata.name": "ingress-nginx"}, {"app.kubernetes.io/name": "ingress-nginx"}},
	"own-ingress": {{"kubernetes.io/metadata.name": "edge", "souk.market/ingress": "true"}, {"app": "traefik"}},
	"monitoring":  {{"kubernetes.io/metadata.name": "monitoring"}, {"app": "prometheus"}},
	// Labels of a pod that a tenant could choose if it could make pods.
	"pretender": {{"kubernetes.io/metadata.name": "elsewhere"}, {"k8s-app": "kube-dns"}},
}

// Where the cluster's pods get their addresses: private ones of both families, and public ones
// that the provider names as its own.
var podNetworks = []string{"10.244.0.%d", "fd00:10:244::%d", "203.0.114.%d", "2a00:1::%d"}

// peer finds who is meant: `tenant/service`, one of `system`, or an address outside.
func (w *world) peer(t *testing.T, name, network string, number int) *matcher.TrafficPeer {
	t.Helper()
	address := fmt.Sprintf(network, number)
	if tenant, service, ok := strings.Cut(name, "/"); ok {
		lease := w.Leases[tenant]
		if lease == nil || lease.Pods[service] == nil {
			t.Fatalf("there is no %s", name)
		}
		labels := map[string]string{"kubernetes.io/metadata.name": lease.Namespace.Name}
		for key, value := range lease.Namespace.Labels {
			labels[key] = value
		}
		return &matcher.TrafficPeer{IP: address, Internal: &matcher.InternalPeer{
			Namespace: lease.Namespace.Name, NamespaceLabels: labels, PodLabels: lease.Pods[service],
		}}
	}
	if labels, ok := system[name]; ok {
		return &matcher.TrafficPeer{IP: address, Internal: &matcher.InternalPeer{
			Namespace:       labels[0]["kubernetes.io/metadata.name"],
			NamespaceLabels: labels[0], PodLabels: labels[1],
		}}
	}
	return &matcher.TrafficPeer{IP: name}
}

func (w *world) allows(t *testing.T, policy *matcher.Policy, row row, network string) bool {
	t.Helper()
	return policy.IsTrafficAllowed(&matcher.Traffic{
		Source:       w.peer(t, row.from, network, 1),
		Destination:  w.peer(t, row.to, network, 2),
		ResolvedPort: row.port,
		Protocol:     row.protocol,
	}).IsAllowed()
}

// outside tells an address from the name of a pod.
func outside(peer string) bool { return net.ParseIP(peer) != nil }

type row struct {
	from, to string
	port     int
	protocol corev1.Protocol
	allowed  bool
}

func tcp(from, to string, port int, allowed bool) row {
	return row{from, to, port, corev1.ProtocolTCP, allowed}
}

func udp(from, to string, port int, allowed bool) row {
	return row{from, to, port, corev1.ProtocolUDP, allowed}
}

// Checks a table; where both ends are pods, in every network that pods can have.
func (w *world) check(t *testing.T, rows []row) {
	t.Helper()
	checked := 0
	for _, row := range rows {
		networks := podNetworks
		if outside(row.from) || outside(row.to) {
			networks = networks[:1]
		}
		for _, network := range networks {
			checked++
			if got := w.allows(t, w.policy, row, network); got != row.allowed {
				t.Errorf("%s to %s, %d/%s, pods at %s: allowed %v, want %v",
					row.from, row.to, row.port, row.protocol, network, got, row.allowed)
			}
		}
	}
	t.Logf("%d cases", checked)
}

func TestServicesOfALeaseReachEachOtherOnEveryPort(t *testing.T) {
	read(t).check(t, []row{
		tcp("ann/web", "ann/db", 5432, true),
		tcp("ann/db", "ann/web", 8080, true),
		tcp("ann/job", "ann/db", 5432, true),
		udp("ann/web", "ann/web", 7946, true),
		tcp("bob/web", "bob/web", 1, true),
	})
}

func TestTenantsDoNotReachEachOther(t *testing.T) {
	w := read(t)
	var rows []row
	for _, from := range []string{"ann/web", "ann/job", "bob/web", "eve/web"} {
		for _, to := range []string{"ann/web", "ann/db", "ann/job", "bob/web", "eve/web"} {
			if from[:3] == to[:3] {
				continue
			}
			// 9000 is open to the world at ann's; a neighbour has to come from there.
			for _, port := range []int{22, 53, 80, 443, 5432, 8080, 9000} {
				rows = append(rows, tcp(from, to, port, false), udp(from, to, port, false))
			}
		}
	}
	w.check(t, rows)
}

func TestNamesAreAskedOfTheClustersDnsAlone(t *testing.T) {
	read(t).check(t, []row{
		udp("ann/web", "dns", 53, true),
		tcp("ann/web", "dns", 53, true),
		tcp("ann/web", "dns", 9153, false),
		udp("ann/web", "metrics", 53, false),
		udp("ann/web", "pretender", 53, false),
		udp("bob/web", "dns", 53, true),
	})
}

func TestTheInternetIsReached(t *testing.T) {
	var rows []row
	for _, address := range []string{
		"1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0",
		"169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255",
		"192.169.0.0", "203.0.115.1", "223.255.255.255", "2606:4700:4700::1111", "2001:4860::8888",
		"2a00:2::1", "2003::1",
	} {
		rows = append(rows, tcp("ann/web", address, 443, true), udp("ann/web", address, 53, true),
			tcp("bob/web", address, 25, true))
	}
	read(t).check(t, rows)
}

func TestMetadataOfTheNodesIsNotReached(t *testing.T) {
	var rows []row
	for _, address := range []string{
		// AWS, Google, Azure, OpenStack and others; AWS and Google by IPv6; Azure; Alibaba; Oracle;
		// by a 6to4 tunnel and by translation.
		"169.254.169.254", "169.254.170.2", "169.254.169.123", "fd00:ec2::254", "fd20:ce::254",
		"168.63.129.16", "100.100.100.200", "192.0.0.192", "fe80::a9fe:a9fe", "2002:a9fe:a9fe::1",
		"64:ff9b::a9fe:a9fe", "64:ff9b:1::a9fe:a9fe",
	} {
		for _, port := range []int{80, 443, 53} {
			rows = append(rows, tcp("ann/web", address, port, false), udp("ann/web", address, port, false))
		}
	}
	read(t).check(t, rows)
}

func TestPrivateNetworksAreNotReached(t *testing.T) {
	var rows []row
	for _, address := range []string{
		"10.0.0.0", "10.0.0.1", "10.255.255.255", "172.16.0.0", "172.31.255.255", "192.168.0.0",
		"192.168.255.255", "100.64.0.0", "100.127.255.255", "127.0.0.1", "0.0.0.0", "198.18.0.1",
		"192.0.2.1", "224.0.0.251", "240.0.0.1", "255.255.255.255", "fc00::1",
		"fdff:ffff::1", "fe80::1", "febf::1", "fec0::1", "::1", "::", "ff02::1", "2001:db8::1",
		"2001::1", "64:ff9b::a00:1", "2002:a00:1::1", "2002:c0a8:1::1", "100::1",
	} {
		rows = append(rows, tcp("ann/web", address, 443, false), udp("ann/web", address, 53, false),
			tcp("bob/web", address, 22, false))
	}
	read(t).check(t, rows)
}

func TestTheApiServerAndTheNodesAreNotReached(t *testing.T) {
	var rows []row
	for _, address := range []string{
		// By the service's address, by a node's private one, by a public one that the provider
		// names as its own.
		"10.96.0.1", "fd00:10:96::1", "10.0.0.10", "203.0.114.10", "2a00:1::10",
	} {
		for _, port := range []int{443, 6443, 2379, 10250, 10255, 30080} {
			rows = append(rows, tcp("ann/web", address, port, false), tcp("bob/web", address, port, false))
		}
	}
	for _, pod := range []string{"metrics", "monitoring", "ingress", "own-ingress"} {
		rows = append(rows, tcp("ann/web", pod, 443, false), tcp("ann/web", pod, 9090, false))
	}
	read(t).check(t, rows)
}

func TestTheWorldReachesWhatIsOpenToItAndNothingElse(t *testing.T) {
	var rows []row
	for _, address := range []string{"198.41.0.4", "10.0.0.10", "2606:4700::1"} {
		rows = append(rows,
			tcp(address, "ann/web", 9000, true),
			udp(address, "ann/web", 9000, false),
			tcp(address, "ann/web", 8080, false),
			tcp(address, "ann/db", 5432, false),
			tcp(address, "bob/web", 8080, false),
			tcp(address, "eve/web", 8080, false),
		)
	}
	for _, controller := range []string{"ingress", "own-ingress"} {
		rows = append(rows,
			tcp(controller, "ann/web", 8080, true),
			tcp(controller, "bob/web", 8080, true),
		)
	}
	for _, pod := range []string{"metrics", "monitoring", "pretender", "dns"} {
		rows = append(rows, tcp(pod, "ann/web", 8080, false), tcp(pod, "ann/db", 5432, false))
	}
	read(t).check(t, rows)
}

// A denial counts only if the policies make it.
func TestWithoutThePoliciesEverythingPasses(t *testing.T) {
	w := read(t)
	for _, row := range []row{
		tcp("ann/web", "bob/web", 8080, false),
		tcp("ann/web", "169.254.169.254", 80, false),
		tcp("198.41.0.4", "ann/db", 5432, false),
	} {
		for _, network := range podNetworks {
			if w.allows(t, w.policy, row, network) || !w.allows(t, matcher.NewPolicy(), row, network) {
				t.Errorf("%s to %s is not decided by the policies", row.from, row.to)
			}
		}
	}
}
