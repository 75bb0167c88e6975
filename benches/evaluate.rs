//! How many flows a second are evaluated, and how long policies take to be read and compiled.
//!
//! The set has the shape of a region's: two networks, twenty policies of a few rules with up to
//! 240 blocks, 100 workers with two host endpoints each, 1,000 pods in 23 namespaces.
//! `PALISADE_BENCH_SET` names a folder whose YAML files are taken instead of those policies.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::too_many_lines,
    reason = "a bench may fail, and its tables are long"
)]

use std::fmt::Write as _;
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use palisade::engine::{Flow, Overlay, Party, Program, Route, Settings, compile};
use palisade::finding::Input;
use palisade::net::Protocol;
use palisade::resource::ResourceSet;

fn settings() -> Settings {
    let route = |to: &str, interface: &str| Route {
        to: to.parse().expect("a block"),
        interface: interface.to_owned(),
    };
    let mut settings = Settings {
        overlay: Some(Overlay {
            ipip: true,
            ..Overlay::default()
        }),
        ..Settings::default()
    };
    settings.routes.common = vec![
        route("0.0.0.0/0", "eth1"),
        route("10.0.0.0/8", "eth0"),
        route("161.26.0.0/16", "eth0"),
        route("166.8.0.0/14", "eth0"),
    ];
    settings
}

/// `count` blocks that do not touch.
fn blocks(first: u8, count: usize) -> String {
    let mut text = String::new();
    for n in 0..count {
        let (high, low) = (n / 128, n % 128 * 2);
        writeln!(text, "      - {first}.9.{high}.{low}/32").expect("text");
    }
    text
}

fn policy(name: &str, order: usize, selector: &str, direction: &str, rules: &str) -> String {
    format!(
        "apiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata:\n  name: {name}\n\
         spec:\n  order: {order}\n  selector: {selector}\n  types: [{direction}]\n  {}:\n{rules}---\n",
        direction.to_lowercase()
    )
}

fn rule(action: &str, protocol: &str, ports: &str, side: &str, nets: &str) -> String {
    let ports = if ports.is_empty() {
        String::new()
    } else {
        format!("      ports: [{ports}]\n")
    };
    let nets = if nets.is_empty() {
        String::new()
    } else {
        format!("      nets:\n{nets}")
    };
    format!("  - action: {action}\n    protocol: {protocol}\n    {side}:\n{ports}{nets}")
}

/// The policies of a region, both networks.
fn policies() -> String {
    let mut text = String::new();
    for (network, role) in [("private", "worker_private"), ("public", "worker_public")] {
        let workers = format!("ibm.role == '{role}'");
        let pods = "projectcalico.org/orchestrator == 'k8s'";
        let mut services = String::new();
        let mut pod_rules = String::new();
        for protocol in ["TCP", "UDP"] {
            pod_rules += &rule(
                "Allow",
                protocol,
                "53, 5353, 443, 2049, 3260, 10250",
                "destination",
                "",
            );
            pod_rules += &rule(
                "Allow",
                protocol,
                "'2040:2041'",
                "destination",
                &blocks(172, 1),
            );
            services += &rule(
                "Allow",
                protocol,
                "'20000:32767', 443",
                "destination",
                &blocks(166, 115),
            );
        }
        text += &policy(
            &format!("pods-{network}"),
            1500,
            pods,
            "Egress",
            &(pod_rules + &services),
        );
        text += &policy(
            &format!("master-{network}"),
            1900,
            &workers,
            "Egress",
            &services,
        );
        let mut apps = String::new();
        for n in 0..6 {
            apps += &rule(
                "Allow",
                "TCP",
                &format!("{}", 4000 + n),
                "destination",
                &blocks(165, 8),
            );
        }
        text += &policy(
            &format!("services-{network}"),
            1900,
            &workers,
            "Egress",
            &apps,
        );
        text += &policy(
            &format!("services-pods-{network}"),
            1900,
            pods,
            "Egress",
            &apps,
        );
        for direction in ["Ingress", "Egress"] {
            let name = direction.to_lowercase();
            let side = if direction == "Ingress" {
                "source"
            } else {
                "destination"
            };
            let management = rule("Allow", "TCP", "", side, &blocks(10, 23));
            text += &policy(
                &format!("management-{name}-{network}"),
                1800,
                &workers,
                direction,
                &management,
            );
            let fixed = rule("Allow", "TCP", "53, 443, 2049", "destination", "")
                + &rule("Allow", "UDP", "53, 2049", "destination", "")
                + &rule("Allow", "ICMP", "", "destination", "");
            text += &policy(
                &format!("ports-{name}-{network}"),
                1500,
                &workers,
                direction,
                &fixed,
            );
            let all = "  - action: Allow\n    source:\n      nets: [10.0.0.0/8, 172.30.0.0/16]\n";
            text += &policy(
                &format!("workers-{name}-{network}"),
                1950,
                &workers,
                direction,
                all,
            );
            let none = "  - action: Deny\n";
            text += &policy(
                &format!("deny-{name}-{network}"),
                99900,
                &workers,
                direction,
                none,
            );
        }
    }
    text
}

fn cluster() -> String {
    let mut text = String::new();
    for n in 0..100 {
        writeln!(
            text,
            "{{apiVersion: v1, kind: Node, metadata: {{name: 10.1.0.{n}, labels: {{ibm-cloud.kubernetes.io/worker-id: w{n}, zone: z{}}}}}, \
             status: {{addresses: [{{type: InternalIP, address: 10.1.0.{n}}}, {{type: ExternalIP, address: 198.18.0.{n}}}]}}}}\n---",
            n % 3
        ).expect("text");
        for (interface, role, address) in [
            ("eth0", "worker_private", "10.1.0"),
            ("eth1", "worker_public", "198.18.0"),
        ] {
            writeln!(
                text,
                "{{apiVersion: projectcalico.org/v3, kind: HostEndpoint, metadata: {{name: w{n}-{interface}, labels: {{ibm.role: {role}, zone: z{}}}}}, \
                 spec: {{node: w{n}, interfaceName: {interface}, expectedIPs: [{address}.{n}]}}}}\n---",
                n % 3
            ).expect("text");
        }
    }
    for n in 0..23 {
        writeln!(text, "{{apiVersion: v1, kind: Namespace, metadata: {{name: ns{n}, labels: {{team: t{}}}}}}}\n---", n % 5).expect("text");
    }
    for n in 0..1000 {
        writeln!(
            text,
            "{{apiVersion: v1, kind: Pod, metadata: {{name: pod{n}, namespace: ns{}, labels: {{app: app{}, pod-template-hash: h{n}}}}}, \
             spec: {{nodeName: 10.1.0.{}, containers: [{{ports: [{{name: web, containerPort: 8080}}]}}]}}, status: {{podIP: 172.30.{}.{}}}}}\n---",
            n % 23, n % 40, n % 100, n / 250, n % 250
        ).expect("text");
    }
    text
}

fn given() -> String {
    let Some(folder) = std::env::var_os("PALISADE_BENCH_SET") else {
        return policies();
    };
    let mut text = String::new();
    let mut folders = vec![Path::new(&folder).to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "yaml") {
                text += &std::fs::read_to_string(path).expect("a file");
                text += "\n---\n";
            }
        }
    }
    text
}

fn read(text: String) -> ResourceSet {
    ResourceSet::read([&Input::new("bench.yaml", text)])
}

/// Flows of every kind: a tenth from outside to workers, the rest from and to pods and workers.
fn flows(program: &Program, count: usize) -> Vec<Flow<'static>> {
    let pods: Vec<Party<'static>> = (0..1000)
        .map(|n| {
            Party::Pod(
                program
                    .find_pod(&format!("ns{}", n % 23), &format!("pod{n}"))
                    .expect("a pod"),
            )
        })
        .collect();
    let hosts: Vec<Party<'static>> = (0..100)
        .map(|n| Party::Host(program.find_host(&format!("w{n}")).expect("a node")))
        .collect();
    let outside = |n: usize| {
        let low = u8::try_from(n % 250).expect("small");
        let net = [[203, 0, 113], [166, 9, 0], [10, 200, 0], [165, 9, 0]][n % 4];
        Party::Address(IpAddr::V4(Ipv4Addr::new(net[0], net[1], net[2], low)))
    };
    let protocols = [Protocol::Tcp, Protocol::Tcp, Protocol::Udp, Protocol::Tcp];
    let ports = [443, 53, 30080, 8080, 22, 10250, 4003, 9999];
    (0..count)
        .map(|n| {
            let mix = n.wrapping_mul(2_654_435_761) >> 7;
            let (pod, other) = (pods[mix % 1000], pods[(mix >> 10) % 1000]);
            let host = hosts[mix % 100];
            let (from, to) = match n % 10 {
                0 => (outside(mix), host),
                1 | 2 => (host, outside(mix)),
                3..=5 => (pod, outside(mix)),
                6 => (outside(mix), pod),
                7 => (host, pod),
                _ => (pod, other),
            };
            let mut flow = Flow::new(from, to, protocols[mix % 4], Some(ports[(mix >> 3) % 8]));
            flow.source_port = Some(40000);
            flow
        })
        .collect()
}

fn evaluation(criterion: &mut Criterion) {
    let set = read(given() + "\n---\n" + &cluster());
    let program = compile(&set, &settings());
    let flows = flows(&program, 10_000);
    let mut group = criterion.benchmark_group("evaluate");
    group.throughput(Throughput::Elements(flows.len() as u64));
    group.bench_function("flows", |bencher| {
        bencher.iter(|| {
            for flow in &flows {
                black_box(program.evaluate(black_box(flow)));
            }
        });
    });
    group.finish();
    criterion.bench_function("compile/region, 100 workers, 1000 pods", |bencher| {
        bencher.iter(|| compile(black_box(&set), &settings()));
    });
}

/// `count` policies of `nets` blocks each, `selectors` different ones.
fn many(count: usize, nets: usize, selectors: usize) -> String {
    let mut text = String::new();
    for n in 0..count {
        let mut list = String::new();
        for net in 0..nets {
            let mix = n * 977 + net * 13;
            writeln!(
                list,
                "      - {}.{}.{}.0/24",
                11 + mix % 180,
                mix / 180 % 256,
                net % 256
            )
            .expect("text");
        }
        let selector = format!("app == 'app{}'", n % selectors);
        text += &policy(
            &format!("p{n}"),
            n,
            &selector,
            "Egress",
            &rule("Allow", "TCP", "443", "destination", &list),
        );
    }
    text
}

fn reading(criterion: &mut Criterion) {
    let text = many(1000, 400, 40);
    let megabytes = text.len() as u64;
    let input = Input::new("many.yaml", text);
    let pods = Input::new("cluster.yaml", cluster());
    let mut group = criterion.benchmark_group("read and compile");
    group.sample_size(10);
    group.throughput(Throughput::Bytes(megabytes));
    group.bench_function("1000 policies of 400 blocks", |bencher| {
        bencher.iter(|| {
            let set = ResourceSet::read([black_box(&input), &pods]);
            compile(&set, &settings())
        });
    });
    group.finish();
    growth(criterion, &pods);
}

/// Twice as many policies must take about twice as long.
fn growth(criterion: &mut Criterion, pods: &Arc<Input>) {
    let mut group = criterion.benchmark_group("compile by number of policies");
    group.sample_size(10);
    for count in [1250, 2500, 5000, 10_000] {
        let input = Input::new("many.yaml", many(count, 100, count / 4));
        let set = ResourceSet::read([&input, pods]);
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(format!("{count} of 100 blocks"), |bencher| {
            bencher.iter(|| compile(black_box(&set), &settings()));
        });
    }
    group.finish();
}

criterion_group!(benches, evaluation, reading);
criterion_main!(benches);
