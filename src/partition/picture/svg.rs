//! A partition as SVG that a browser shows: a row for each node in the order in which they run, lines for the tensors between them, a
//! coloured box for each region; reasons at each node, on pointing at it, and in a table. All text has a place of its own.

use crate::partition::Partition;
use crate::partition::explain_text::{Refused, by_rule, summary};
use crate::partition::picture::lanes::{Band, Layout, Row, Thread, What};
use crate::partition::picture::{Colours, colours, hover, legend, region_hover, region_line, short_fact, why};
use std::fmt::Write;
use std::ops::Range;

/// Width of the picture.
const WIDTH: f64 = 1280.0;
/// Space around it, and between columns.
const MARGIN: f64 = 20.0;
/// Height of a row.
const PITCH: f64 = 16.0;
/// Size of the letters.
const LETTER: f64 = 11.0;
/// Size of the title's.
const TITLE: f64 = 15.0;
/// Width of a letter of a monospaced font, at most.
const ADVANCE: f64 = 0.62 * LETTER;
/// Width of a lane, where there is room for all.
const LANE: f64 = 12.0;
/// Width of all lanes, at most.
const LANES: f64 = 160.0;
/// Radius of a dot.
const DOT: f64 = 3.4;

const STYLE: &str = "text{font-family:monospace;font-size:11px;white-space:pre}.t{font-size:15px;font-weight:bold}.h,.o{font-weight:bold}\
.r{text-anchor:end;fill:#555}.w{text-anchor:end;fill:#a8201a}.x{font-style:italic;fill:#777}path{fill:none}.n:hover .b{fill:#000;fill-opacity:.08}";

/// The picture.
pub fn svg(p: &Partition) -> String {
    let layout = Layout::new(p);
    Picture::new(p, &layout).draw()
}

struct Picture<'a> {
    p: &'a Partition,
    layout: &'a Layout,
    rules: Vec<(&'a str, Refused<'a>)>,
    /// Where the first row begins.
    top: f64,
    column: f64,
    lane: f64,
    /// Letters of the longest operator's name, and space.
    operators: usize,
    out: String,
}

impl<'a> Picture<'a> {
    fn new(p: &'a Partition, layout: &'a Layout) -> Picture<'a> {
        let columns = layout.columns.len() as f64;
        let column = (WIDTH - MARGIN * (columns + 1.0)) / columns;
        let lane = LANE.min(LANES / layout.lanes.max(1) as f64);
        let operators = 2 + p.graph.nodes.iter().map(|n| n.op.name.len()).max().unwrap_or(0).max(8);
        Picture { p, layout, rules: by_rule(p), top: 0.0, column, lane, operators, out: String::new() }
    }

    fn draw(mut self) -> String {
        let mut y = self.head();
        self.top = y + PITCH;
        let longest = self.layout.columns.iter().map(Range::len).max().unwrap_or(0);
        y = self.top + PITCH * (longest as f64 + 2.0);
        self.boxes();
        self.layout.threads.iter().for_each(|t| self.thread(t));
        for (i, row) in self.layout.rows.iter().enumerate() {
            self.row(i, row);
        }
        if self.layout.columns.len() > 1 {
            let bottom = self.top + PITCH * (self.layout.columns[0].len() as f64 + 0.5);
            self.text(self.left(0) + self.words(), bottom, "x", "", "goes on at the top of the next column");
        }
        y = self.table(y);
        let head = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{y:.0}\" viewBox=\"0 0 {WIDTH} {y:.0}\">\n<title>{}</title>\n\
             <style>{STYLE}</style>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n",
            escaped(&self.p.graph.name)
        );
        head + &self.out + "</svg>\n"
    }

    /// The left edge of a column.
    fn left(&self, column: usize) -> f64 {
        MARGIN + column as f64 * (self.column + MARGIN)
    }

    /// Where the words of a row begin, from the column's left edge.
    fn words(&self) -> f64 {
        self.layout.lanes as f64 * self.lane + 16.0
    }

    fn column_of(&self, row: usize) -> usize {
        self.layout.columns.iter().position(|c| c.contains(&row)).unwrap_or(0)
    }

    /// The middle of a row.
    fn y(&self, row: usize) -> f64 {
        let first = self.layout.columns[self.column_of(row)].start;
        self.top + PITCH * ((row - first) as f64 + 0.5)
    }

    /// The middle of a lane.
    fn x(&self, column: usize, lane: usize) -> f64 {
        self.left(column) + 8.0 + self.lane * (lane as f64 + 0.5)
    }

    fn text(&mut self, x: f64, y: f64, class: &str, ink: &str, text: &str) {
        let ink = if ink.is_empty() { String::new() } else { format!(" fill=\"{ink}\"") };
        let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
        let _ = writeln!(self.out, "<text x=\"{x:.1}\" y=\"{:.1}\"{class}{ink}>{}</text>", y + 4.0, escaped(text));
    }

    /// The summary. Gives the place below it.
    fn head(&mut self) -> f64 {
        let mut y = MARGIN + PITCH / 2.0;
        for (i, line) in summary(self.p).lines().enumerate() {
            let (class, letter, pitch) = if i == 0 { ("t", TITLE, 22.0) } else { ("", LETTER, PITCH) };
            for part in wrapped(line.trim(), ((WIDTH - 2.0 * MARGIN) / (0.62 * letter)) as usize) {
                self.text(MARGIN, y, class, "", &part);
                y += pitch;
            }
        }
        let key = "Rows run from top to bottom. Coloured boxes: regions for the target; grey: the default side. Thick lines: tensors \
                   between sides. Point at a row for its tensors and reasons.";
        for part in wrapped(key, ((WIDTH - 2.0 * MARGIN) / ADVANCE) as usize) {
            self.text(MARGIN, y, "x", "", &part);
            y += PITCH;
        }
        y
    }

    fn band_colours(&self, band: usize) -> Colours {
        match self.layout.bands[band] {
            Band::Region(i) => colours(Some(i as u32)),
            Band::Default => colours(None),
            Band::Ends => ("#ffffff", "#222222"),
        }
    }

    /// The grounds of regions and of the default side.
    fn boxes(&mut self) {
        for (column, rows) in self.layout.columns.iter().enumerate() {
            let mut from = rows.start;
            while from < rows.end {
                let band = self.layout.rows[from].band;
                let to = (from..rows.end).find(|r| self.layout.rows[*r].band != band).unwrap_or(rows.end);
                if self.layout.bands[band] != Band::Ends {
                    let (ground, ink) = self.band_colours(band);
                    let (x, y) = (self.left(column), self.y(from) - PITCH / 2.0 + 1.0);
                    let (width, height) = (self.column, PITCH * (to - from) as f64 - 2.0);
                    let _ = writeln!(
                        self.out,
                        "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"4\" fill=\"{ground}\" stroke=\"{ink}\" stroke-opacity=\".5\"/>"
                    );
                }
                from = to;
            }
        }
    }

    /// A result's line: down its lane, with a turn to each row that reads it.
    fn thread(&mut self, thread: &Thread) {
        let rows = &self.layout.rows;
        let (Some(last), lane) = (thread.to.last().copied(), thread.lane) else { return };
        let straight = rows[last].lane == lane;
        let mut path = String::new();
        for (column, range) in self.layout.columns.iter().enumerate() {
            if thread.from >= range.end || last < range.start {
                continue;
            }
            let x = self.x(column, lane);
            let from = if range.contains(&thread.from) { self.y(thread.from) } else { self.y(range.start) - PITCH };
            let to = match range.contains(&last) {
                false => self.y(range.end - 1) + PITCH,
                true if straight => self.y(last),
                true => self.y(last) - PITCH,
            };
            if to > from {
                let _ = write!(path, "M{x:.1} {from:.1}V{to:.1}");
            }
        }
        for row in thread.to.iter().filter(|r| rows[**r].lane != lane) {
            let column = self.column_of(*row);
            let (x, y, to) = (self.x(column, lane), self.y(*row), self.x(column, rows[*row].lane));
            let _ = write!(path, "M{x:.1} {:.1}C{x:.1} {y:.1} {x:.1} {y:.1} {to:.1} {y:.1}", y - PITCH);
        }
        let side = |row: usize| self.layout.bands[rows[row].band];
        let crosses = side(thread.from) != Band::Ends && thread.to.iter().any(|r| side(*r) != Band::Ends && side(*r) != side(thread.from));
        let width = if crosses { 2.6 } else { 1.2 };
        let (_, ink) = self.band_colours(rows[thread.from].band);
        let _ = writeln!(self.out, "<path d=\"{path}\" stroke=\"{ink}\" stroke-width=\"{width}\"/>");
    }

    fn row(&mut self, i: usize, row: &Row) {
        let column = self.column_of(i);
        let (x, y, ink) = (self.left(column) + self.words(), self.y(i), self.band_colours(row.band).1);
        let letters = ((self.column - self.words() - 8.0) / ADVANCE) as usize;
        let graph = &self.p.graph;
        match row.what {
            What::Head | What::HeadAgain => {
                let (line, tip) = match self.layout.bands[row.band] {
                    Band::Region(r) => (region_line(self.p, r), region_hover(self.p, r)),
                    _ => ("default side".into(), "our own kernels".into()),
                };
                let line = if row.what == What::HeadAgain { format!("... {line}") } else { line };
                let _ = writeln!(self.out, "<g><title>{}</title>", escaped(&tip));
                self.text(x, y, "h", ink, &fitted(&line, letters));
            }
            What::Node(id) => {
                let node = graph.node(id);
                let _ = writeln!(self.out, "<g class=\"n\"><title>{}</title>", escaped(&hover(self.p, id)));
                let ground = (self.left(column), y - PITCH / 2.0, self.column, PITCH);
                let _ = writeln!(
                    self.out,
                    "<rect class=\"b\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{PITCH}\" fill-opacity=\"0\"/>",
                    ground.0, ground.1, ground.2
                );
                self.dot(column, row.lane, y, ink, ink);
                let (right, class) = match why(self.p, id, &self.rules) {
                    Some(why) if self.p.region_of[id.0 as usize].is_none() => (why, "w"),
                    _ => (node.outputs.first().map(|v| short_fact(graph.fact(*v))).unwrap_or_default(), "r"),
                };
                self.words_of(column, y, ink, [node.op.name, &node.name, &right], class, letters);
            }
            What::Input(_) | What::Output(_) => {
                let (word, name, fact) = match row.what {
                    What::Input(value) => ("input", &graph.value(value).name, graph.fact(value)),
                    What::Output(o) => ("output", &graph.outputs[o].name, graph.fact(graph.outputs[o].value)),
                    _ => return,
                };
                self.out.push_str("<g>\n");
                self.dot(column, row.lane, y, "#ffffff", ink);
                self.words_of(column, y, ink, [word, name, &short_fact(fact)], "r", letters);
            }
        }
        self.out.push_str("</g>\n");
    }

    fn dot(&mut self, column: usize, lane: usize, y: f64, ground: &str, ink: &str) {
        let (x, r) = (self.x(column, lane), DOT.min(self.lane * 0.45).max(1.5));
        let _ = writeln!(self.out, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{r:.1}\" fill=\"{ground}\" stroke=\"{ink}\"/>");
    }

    /// What it is, its name, and at the right end its shape or why it is here; each cut to its part of the row.
    fn words_of(&mut self, column: usize, y: f64, ink: &str, words: [&str; 3], class: &str, letters: usize) {
        let [first, second, right] = words;
        let x = self.left(column) + self.words();
        let first_part = self.operators.min(letters / 3);
        let right = fitted(right, letters * 2 / 5);
        let second_part = letters.saturating_sub(first_part + 2 + width_of(&right));
        self.text(x, y, "o", ink, &fitted(first, first_part - 1));
        self.text(x + ADVANCE * first_part as f64, y, "", "", &fitted(second, second_part));
        self.text(self.left(column) + self.column - 6.0, y, class, "", &right);
    }

    /// The table of rules. Gives the place below it.
    fn table(&mut self, mut y: f64) -> f64 {
        let lines = legend(&self.rules);
        if !lines.is_empty() {
            self.text(MARGIN, y, "h", "#a8201a", "On the default side, by rule");
            y += PITCH + 2.0;
        }
        for line in lines {
            for (i, part) in wrapped(&line, ((WIDTH - 2.0 * MARGIN) / ADVANCE) as usize - 4).into_iter().enumerate() {
                self.text(MARGIN + if i == 0 { 0.0 } else { 4.0 * ADVANCE }, y, "", "", &part);
                y += PITCH;
            }
        }
        y + MARGIN
    }
}

/// Letters that a text is wide: those of East Asian scripts count twice.
fn width_of(text: &str) -> usize {
    text.chars().map(|c| if c < '\u{1100}' { 1 } else { 2 }).sum()
}

/// The text, its middle left out where it is wider than `letters`: names differ at their ends.
fn fitted(text: &str, letters: usize) -> String {
    if width_of(text) <= letters {
        return text.to_string();
    }
    let room = letters.saturating_sub(1);
    let begin = prefix(text.chars(), room / 2);
    let end = prefix(text.chars().rev(), room - room / 2);
    format!("{begin}…{}", end.chars().rev().collect::<String>())
}

fn prefix(text: impl Iterator<Item = char>, letters: usize) -> String {
    let mut width = 0;
    text.take_while(|c| {
        width += width_of(c.encode_utf8(&mut [0; 4]));
        width <= letters
    })
    .collect()
}

/// The text in lines; a word that is wider than a line is cut.
fn wrapped(text: &str, letters: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let word = fitted(word, letters);
        let line = lines.last_mut().expect("there is always one");
        if line.is_empty() {
            *line = word;
        } else if width_of(line) + 1 + width_of(&word) <= letters {
            line.push(' ');
            line.push_str(&word);
        } else {
            lines.push(word);
        }
    }
    lines
}

/// Text as XML has it; characters that XML lacks become U+FFFD.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(c),
            c if c < ' ' || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
