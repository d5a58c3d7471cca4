//! One form of a character: names are registered in simplified characters and typed in traditional ones by whoever has them on
//! the keyboard.

use std::collections::HashMap;
use std::sync::LazyLock;

// Traditional, simplified, traditional, … Origin and licence: `data/NOTICE`.
static SIMPLIFIED: LazyLock<HashMap<char, char>> = LazyLock::new(|| {
    let chars: Vec<char> = include_str!("../../data/simplified.txt").chars().filter(|c| *c != '\n').collect();
    chars.chunks_exact(2).filter_map(|pair| Some((*pair.first()?, *pair.get(1)?))).collect()
});

/// The simplified form of a character; itself where it has none.
pub(super) fn simplified(c: char) -> char {
    SIMPLIFIED.get(&c).copied().unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use super::{SIMPLIFIED, simplified};

    #[test]
    fn characters_come_into_one_form_in_one_step() {
        let told: String = "鄭州宏達機械廠".chars().map(simplified).collect();
        assert_eq!(told, "郑州宏达机械厂");
        assert_eq!(SIMPLIFIED.len(), 2838);
        assert!(SIMPLIFIED.values().all(|c| simplified(*c) == *c));
    }
}
