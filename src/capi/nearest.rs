//! The known word that a mistyped one most likely stands for.

/// The nearest of `known` to `word`, where any is near.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = word.chars().count().div_ceil(2).max(2);
    let ranked = known.into_iter().map(|k| (distance(word, k), k)).min_by_key(|(d, _)| *d);
    ranked.filter(|(d, _)| *d <= limit).map(|(_, k)| k)
}

/// Least number of letters to insert, remove, replace or swap with the next.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.to_lowercase().chars().take(64).collect(), b.chars().collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<_>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replace = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replace.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_found() {
        let known = ["threads", "target_sm", "offload"];
        assert_eq!(nearest("thread", known), Some("threads"));
        assert_eq!(nearest("TARGET-SM", known), Some("target_sm"));
        assert_eq!(nearest("offlaod", known), Some("offload"));
        assert_eq!(nearest("q", known), None);
        assert_eq!(nearest("", known), None);
    }
}
