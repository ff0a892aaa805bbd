//! Pictures of partitions: well-formed, every node in them once, no text on another, of bounded size, the same each time.

use crate::dags::{Random, random_graph};
use crate::toy::{MIX, Mix, Toy, f32s};
use std::collections::BTreeMap;
use std::sync::Arc;
use tvmtrt::ir::Graph;
use tvmtrt::ir::build::Builder;
use tvmtrt::partition::options::PartitionOptions;
use tvmtrt::partition::{Partition, partition};

/// An element of an XML text, with its attributes and its own text.
struct Element {
    name: String,
    attributes: BTreeMap<String, String>,
    text: String,
}

/// The elements of an XML text, in order; panics where it is not well-formed.
fn xml(mut rest: &str) -> Vec<Element> {
    let (mut open, mut all): (Vec<usize>, Vec<Element>) = (Vec::new(), Vec::new());
    while let Some(at) = rest.find('<') {
        let text = unescaped(&rest[..at]);
        assert!(!open.is_empty() || text.trim().is_empty(), "text outside of the root: {text}");
        open.last().into_iter().for_each(|e| all[*e].text += &text);
        let end = at + rest[at..].find('>').expect("a tag ends");
        let tag = &rest[at + 1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            let closed = open.pop().expect("an open element");
            assert_eq!(all[closed].name, name);
            continue;
        }
        let (body, empty) = tag.strip_suffix('/').map_or((tag, false), |b| (b, true));
        let (name, mut list) = body.split_once(' ').unwrap_or((body, ""));
        let mut attributes = BTreeMap::new();
        while let Some((key, value)) = list.trim_start().split_once("=\"") {
            let (value, more) = value.split_once('"').expect("a value ends");
            assert!(attributes.insert(key.to_string(), unescaped(value)).is_none(), "{key} twice");
            list = more;
        }
        assert!(list.trim().is_empty(), "{tag}");
        assert!(!open.is_empty() || all.is_empty(), "two roots");
        all.push(Element { name: name.into(), attributes, text: String::new() });
        if !empty {
            open.push(all.len() - 1);
        }
    }
    assert!(open.is_empty() && rest.trim().is_empty());
    all
}

fn unescaped(text: &str) -> String {
    assert!(text.chars().all(|c| c >= ' ' || "\n\t".contains(c)), "{text:?}");
    let mut parts = text.split('&');
    let mut out = parts.next().unwrap().to_string();
    for part in parts {
        let (name, rest) = part.split_once(';').expect("an entity ends");
        out += match name {
            "amp" => "&",
            "lt" => "<",
            "gt" => ">",
            "quot" => "\"",
            _ => panic!("entity {name}"),
        };
        out += rest;
    }
    out
}

/// Left, top, right and bottom of each text, in a font whose letters are 0.61 as wide as high.
fn boxes(elements: &[Element]) -> Vec<(f64, f64, f64, f64, &str)> {
    let of = |e: &Element, key: &str| e.attributes[key].parse::<f64>().unwrap();
    let texts = elements.iter().filter(|e| e.name == "text" && !e.text.is_empty());
    let bounds = texts.map(|e| {
        let class = e.attributes.get("class").map_or("", String::as_str);
        let size = if class == "t" { 15.0 } else { 11.0 };
        let width = 0.61 * size * e.text.chars().map(|c| if c < '\u{1100}' { 1.0 } else { 2.0 }).sum::<f64>();
        let (x, y) = (of(e, "x"), of(e, "y"));
        let left = if matches!(class, "r" | "w") { x - width } else { x };
        (left, y - 0.8 * size, left + width, y + 0.2 * size, e.text.as_str())
    });
    bounds.collect()
}

#[track_caller]
fn check(p: &Partition) -> String {
    let svg = p.explain_svg();
    assert_eq!(svg, p.explain_svg());
    let elements = xml(&svg);
    let size = |key: &str| elements[0].attributes[key].parse::<f64>().unwrap();
    let (width, height, nodes) = (size("width"), size("height"), p.graph.nodes.len());
    assert!(width == 1280.0 && height < 700.0 + 17.0 * (nodes + p.steps.len() + p.graph.inputs.len()) as f64, "{height} for {nodes} nodes");
    // Each node has one row, in whose title its name comes first.
    let groups = elements.windows(2).filter(|w| w[0].name == "g" && w[0].attributes.get("class").is_some_and(|c| c == "n"));
    let mut named: Vec<&str> = groups.map(|w| w[1].text.lines().next().unwrap()).collect();
    let mut expected: Vec<String> = p.graph.nodes.iter().map(|n| format!("{} ({})", n.name, n.op.name)).collect();
    named.sort_unstable();
    expected.sort_unstable();
    assert_eq!(named, expected);
    let mut texts = boxes(&elements);
    texts.sort_by(|a, b| a.1.total_cmp(&b.1));
    for (i, a) in texts.iter().enumerate() {
        assert!(a.0 >= 0.0 && a.1 >= 0.0 && a.2 <= width && a.3 <= height, "outside: {a:?}");
        for b in texts[i + 1..].iter().take_while(|b| b.1 < a.3) {
            assert!(b.0 >= a.2 || a.0 >= b.2, "one on the other: {a:?} {b:?}");
        }
    }
    // Lines end inside the picture too.
    let numbers =
        |d: &str| d.split(|c: char| !c.is_ascii_digit() && c != '.' && c != '-').filter_map(|n| n.parse::<f64>().ok()).collect::<Vec<_>>();
    assert!(
        elements
            .iter()
            .filter(|e| e.name == "path")
            .flat_map(|e| numbers(&e.attributes["d"]))
            .all(|n| (0.0..=height.max(width)).contains(&n))
    );
    svg
}

fn split(graph: Graph) -> Partition {
    partition(Arc::new(graph), &Toy::default(), &PartitionOptions::default()).unwrap()
}

/// A chain with a branch in each step; every eighth node is refused.
fn long(nodes: usize) -> Graph {
    let mut b = Builder::new("long");
    let (mut x, mut last) = (b.input("x", f32s(&[1, 4])).unwrap(), None);
    for i in 0..nodes {
        let operands: Vec<_> = [Some(x), last.filter(|_| i % 3 == 0)].into_iter().flatten().collect();
        last = Some(x);
        x = b
            .op(
                &format!("layer{i}/with/a/name/that/is/long/enough/to/be/cut/somewhere"),
                &MIX,
                Mix { accept: i % 8 != 7, ..Mix::default() },
                &operands,
            )
            .unwrap();
    }
    b.output("y", x).unwrap();
    b.finish()
}

#[test]
fn three_hundred_nodes_can_be_read() {
    let p = split(long(300));
    let svg = check(&p);
    assert!(svg.len() < 1000 * 300, "{} bytes", svg.len());
    assert!(svg.contains("mix.not-wanted (target), 37 nodes: accept is false; to lift it: set accept"));
    assert_eq!(svg.matches("(1) mix.not-wanted").count(), 37 + 1);
}

#[test]
fn any_graph_has_a_picture() {
    for seed in 1..60 {
        check(&split(random_graph(&mut Random(seed * 7919), 5 + seed as usize * 3)));
    }
    for nodes in [0, 1, 2, 47, 48, 49, 50, 51] {
        check(&split(long(nodes)));
    }
}

#[test]
fn names_may_be_anything() {
    let mut b = Builder::new("<&\"'> \u{1}\n\u{ffff}");
    let mut x = b.input("\u{8f93}\u{5165}<x>", f32s(&[1, 4])).unwrap();
    for name in ["a<b>&amp;\"c\"", "\u{0}\u{7}\u{1b}[31m", &"\u{5c42}".repeat(80), "", "\\\"\\", "a\nb"] {
        x = b.op(name, &MIX, Mix { accept: name.len() % 2 == 0, ..Mix::default() }, &[x]).unwrap();
    }
    b.output("</svg>", x).unwrap();
    let p = split(b.finish());
    // Names with characters that XML lacks cannot come back.
    xml(&p.explain_svg());
    dot_is_sound(&p);
}

/// Strings end where they should, braces are balanced, each node is declared once.
fn dot_is_sound(p: &Partition) {
    let dot = p.explain_dot();
    let (mut depth, mut quoted, mut escaped, mut bare) = (0, false, false, String::new());
    for c in dot.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '\n' if quoted => panic!("a line ends inside a string"),
            _ if quoted => {}
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => bare.push(c),
        }
    }
    assert!(depth == 0 && !quoted && !escaped);
    for id in p.graph.node_ids() {
        assert_eq!(bare.matches(&format!("\n  n{} [label=", id.0)).count(), 1);
    }
    assert_eq!(dot.matches("subgraph cluster_").count(), p.regions.len());
}

#[test]
fn graphviz_gets_every_node_and_edge() {
    let p = split(long(40));
    dot_is_sound(&p);
    let dot = p.explain_dot();
    let edges: usize = p.graph.nodes.iter().map(|n| n.reads().collect::<std::collections::BTreeSet<_>>().len()).sum();
    assert_eq!(dot.matches(" -> ").count(), edges + 1);
    assert!(dot.contains("tooltip=\"layer7/") && dot.contains("(1) mix.not-wanted"));
}
