//! Draws panels into an SVG: one plot each, both axes linear and from zero. The same points give the same bytes.

use std::fmt::Write as _;

use crate::curves::{Line, Panel, float};

/// The size of a panel with its labels, and of its plot, in pixels.
const PANEL: (f64, f64) = (420.0, 280.0);
const LEFT: f64 = 62.0;
const TOP: f64 = 34.0;
const PLOT: (f64, f64) = (330.0, 190.0);
const COLUMNS: usize = 2;

/// Colours that people with red-green colour blindness can distinguish.
const COLOURS: [&str; 6] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b07d00", "#222222"];

/// Draws all panels, two in a row.
pub(crate) fn draw(panels: &[Panel]) -> String {
    let rows = panels.len().div_ceil(COLUMNS);
    let (width, height) = (PANEL.0 * small(COLUMNS), PANEL.1 * small(rows));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         font-family=\"sans-serif\" font-size=\"11\" fill=\"#222\">\n\
         <title>Instructions of secretctl, by what it is given</title>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
    );
    for (number, panel) in panels.iter().enumerate() {
        let (x, y) = (number % COLUMNS, number / COLUMNS);
        let (x, y) = (PANEL.0 * small(x), PANEL.1 * small(y));
        put(&mut svg, &format!("<g transform=\"translate({x} {y})\">"));
        draw_panel(&mut svg, panel);
        put(&mut svg, "</g>");
    }
    put(&mut svg, "</svg>");
    svg
}

fn draw_panel(svg: &mut String, panel: &Panel) {
    let points = || panel.lines.iter().flat_map(|line| &line.points);
    let most = f64::from(points().map(|(size, _)| *size).max().unwrap_or(1));
    let instructions = float(points().map(|(_, instructions)| *instructions).max().unwrap_or(1));
    let top = round_up(instructions / 1e6) * 1e6;
    put(
        svg,
        &format!(
            "<text x=\"{LEFT}\" y=\"20\" font-size=\"13\" font-weight=\"bold\">{}</text>",
            panel.title
        ),
    );
    for quarter in 0..=4 {
        let share = f64::from(quarter) / 4.0;
        let (x, y) = (LEFT + PLOT.0 * share, TOP + PLOT.1 * (1.0 - share));
        put(
            svg,
            &format!(
                "<path d=\"M{LEFT} {y:.1}h{}\" stroke=\"#ddd\"/>\
                 <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\
                 <text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
                PLOT.0,
                LEFT - 6.0,
                y + 4.0,
                label(top * share),
                TOP + PLOT.1 + 16.0,
                label(most * share),
            ),
        );
    }
    put(
        svg,
        &format!(
            "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>\
             <text transform=\"translate(14 {}) rotate(-90)\" text-anchor=\"middle\">instructions</text>",
            LEFT + PLOT.0 / 2.0,
            TOP + PLOT.1 + 34.0,
            panel.unit,
            TOP + PLOT.1 / 2.0
        ),
    );
    for (number, (line, colour)) in panel.lines.iter().zip(COLOURS.iter().cycle()).enumerate() {
        let place = |(size, instructions): &(u32, u64)| {
            let x = LEFT + PLOT.0 * f64::from(*size) / most;
            (x, TOP + PLOT.1 * (1.0 - float(*instructions) / top))
        };
        draw_line(svg, line, colour, place);
        let y = TOP + 14.0 + 15.0 * small(number);
        put(
            svg,
            &format!(
                "<text x=\"{}\" y=\"{y}\" fill=\"{colour}\">{}: {}</text>",
                LEFT + 8.0,
                line.name,
                if line.is_flat() {
                    "does not grow".to_owned()
                } else {
                    format!("{} for one more", label(two_digits(line.slope())))
                }
            ),
        );
    }
}

fn draw_line(svg: &mut String, line: &Line, colour: &str, place: impl Fn(&(u32, u64)) -> (f64, f64)) {
    let places: Vec<(f64, f64)> = line.points.iter().map(place).collect();
    let path: Vec<String> = places.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    put(
        svg,
        &format!(
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.5\"/>",
            path.join(" ")
        ),
    );
    for (x, y) in places {
        put(
            svg,
            &format!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{colour}\"/>"),
        );
    }
}

fn put(svg: &mut String, element: &str) {
    writeln!(svg, "{element}").expect("writing to a string succeeds");
}

/// Rounds up to 1, 2, 4 or 8 times a power of ten: their quarters have few digits.
fn round_up(number: f64) -> f64 {
    let power = 10_f64.powf(number.log10().floor());
    [1.0, 2.0, 4.0, 8.0, 10.0]
        .map(|step| step * power)
        .into_iter()
        .find(|step| *step >= number)
        .unwrap_or(number)
}

/// Keeps two digits: the others differ from run to run.
fn two_digits(number: f64) -> f64 {
    let power = 10_f64.powf(number.abs().max(1.0).log10().floor() - 1.0);
    (number / power).round() * power
}

/// Writes 1500000 as `1.5 M`, and 25000 as `25 k`.
fn label(number: f64) -> String {
    if number >= 1e6 {
        format!("{} M", (number / 1e4).round() / 100.0)
    } else if number >= 1e4 {
        format!("{} k", (number / 10.0).round() / 100.0)
    } else {
        format!("{}", (number * 10.0).round() / 10.0)
    }
}

/// Converts a small count.
fn small(number: usize) -> f64 {
    u8::try_from(number).map_or(f64::from(u8::MAX), f64::from)
}
