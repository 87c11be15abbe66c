//! The parts of Markdown that our pages use.

/// A fenced block.
#[derive(Debug)]
pub struct Block<'a> {
    /// The word after the fence: `sh`, `console`, …
    pub language: &'a str,
    /// Its text.
    pub text: String,
    /// The line of the fence, counted from 1.
    pub line: usize,
    /// The HTML comment on the line before, without its marks.
    pub comment: Option<&'a str>,
}

/// Returns the fenced blocks of `page`.
pub fn blocks(page: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut before = "";
    let mut lines = page.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        if let Some(language) = line.trim_start().strip_prefix("```") {
            let text = lines
                .by_ref()
                .map(|(_, line)| line)
                .take_while(|line| !line.trim_start().starts_with("```"));
            let text = text.fold(String::new(), |text, line| text + line + "\n");
            let comment = before
                .strip_prefix("<!--")
                .and_then(|rest| rest.strip_suffix("-->"))
                .map(str::trim);
            blocks.push(Block {
                language,
                text,
                line: number + 1,
                comment,
            });
        }
        if !line.trim().is_empty() {
            before = line.trim();
        }
    }
    blocks
}

/// Returns the targets of the links of `page`.
pub fn links(page: &str) -> impl Iterator<Item = &str> {
    page.split("](").skip(1).filter_map(|rest| rest.split(')').next())
}

/// Returns the anchors of the headings of `page`.
pub fn anchors(page: &str) -> impl Iterator<Item = String> {
    page.lines().filter(|line| line.starts_with('#')).map(|line| {
        let heading = line
            .trim_start_matches('#')
            .trim()
            .to_lowercase()
            .replace(' ', "-");
        heading
            .chars()
            .filter(|letter| letter.is_alphanumeric() || "-_".contains(*letter))
            .collect()
    })
}

#[test]
fn a_block_knows_its_comment_and_its_line() {
    let page =
        "# A page, here\n\n<!-- not run: why -->\n```sh\nfalse\n```\ntext\n```console\n$ true\n```\n[x](a#b)";
    let found: Vec<_> = blocks(page)
        .iter()
        .map(|one| (one.language, one.line, one.comment, one.text.clone()))
        .collect();
    assert_eq!(
        found,
        [
            ("sh", 4, Some("not run: why"), "false\n".to_owned()),
            ("console", 8, None, "$ true\n".to_owned())
        ]
    );
    assert_eq!(links(page).collect::<Vec<_>>(), ["a#b"]);
    assert_eq!(anchors(page).next().unwrap(), "a-page-here");
}
