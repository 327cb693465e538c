//! Letters of other alphabets that look like letters of ASCII, after Unicode's list of confusables (UTS 39).
//!
//! Only pairs that look the same in every common font are here, so that honest words of those alphabets are none.

/// Pairs of letters, the other alphabet's first.
const PAIRS: &str = "аaеeоoрpсcуyхxіiјjѕsԁdһhԛqԝwӏlАAВBЕEКKМMНHОOРPСCТTУYХXЅSІIЈJԌG\
    οoΟOΑAΒBΕEΖZΗHΙIΚKΜMΝNΡPΤTΥYΧXνvϲcϳj\
    օoսuհhոnցgզqՕOՍUԼL\
    ᎠDᎡRᎢTᎪAᎫJᎬEᎳWᎷMᎻHᏀGᏃZᏒRᏚSᏞLᏟCᏢPᏴBᏙVᏦKᎥi\
    ɑaɡgıiɩiʟLɪIᴄcᴏoᴠvᴡwᴢzⅼlⅰiⅴvⅹxⅽcⅾdⅿm";

/// The letter of ASCII that another one looks like.
pub(super) fn of(c: char) -> Option<char> {
    if let Some(plain) = styled(c) {
        return Some(plain);
    }
    // Most letters of the world are in none of these ranges, and the list is long.
    if !matches!(c, '\u{250}'..='\u{587}' | '\u{131}' | '\u{13a0}'..='\u{13ff}' | '\u{1d00}'..='\u{1d7f}' | '\u{2170}'..='\u{217f}')
    {
        return None;
    }
    let mut pairs = PAIRS.chars();
    while let (Some(other), Some(plain)) = (pairs.next(), pairs.next()) {
        if other == c {
            return Some(plain);
        }
    }
    None
}

/// Whether a letter is one of ASCII in a style of its own: full width, bold, script. Python reads those as plain letters.
pub(super) fn is_styled(c: char) -> bool {
    styled(c).is_some()
}

fn styled(c: char) -> Option<char> {
    let code = u32::from(c);
    match c {
        '\u{ff21}'..='\u{ff3a}' | '\u{ff41}'..='\u{ff5a}' => char::from_u32(code - 0xfee0),
        // Thirteen styles of 52 letters each.
        '\u{1d400}'..='\u{1d6a3}' => {
            let letter = (code - 0x1d400) % 52;
            char::from_u32(if letter < 26 { 0x41 + letter } else { 0x61 + letter - 26 })
        }
        _ => None,
    }
}

/// Names worth a disguise when they are written in styled letters; other such words are decoration.
pub(super) fn is_known_name(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "eval",
        "exec",
        "compile",
        "import",
        "__import__",
        "getattr",
        "setattr",
        "globals",
        "locals",
        "open",
        "os",
        "system",
        "popen",
        "subprocess",
        "require",
        "process",
        "child_process",
        "Function",
        "constructor",
        "fetch",
        "socket",
        "spawn",
        "builtins",
        "__builtins__",
        "input",
        "print",
        "fs",
    ];
    NAMES.contains(&name)
}

/// The letters of a word that are not of ASCII, by their numbers.
pub(super) fn describe(word: &str) -> String {
    let others = word.chars().filter(|c| !c.is_ascii()).take(4);
    let named: Vec<_> =
        others.filter_map(|c| Some(format!("U+{:04X} looks like {}", u32::from(c), of(c)?))).collect();
    named.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_is_of_two_alphabets() {
        assert_eq!(PAIRS.chars().count() % 2, 0);
        let letters: Vec<char> = PAIRS.chars().collect();
        for pair in letters.chunks(2) {
            assert!(
                of(pair[0]).is_some() && !pair[0].is_ascii() && pair[1].is_ascii_alphabetic(),
                "{pair:?}"
            );
        }
        assert_eq!(of('\u{ff45}'), Some('e'));
        assert_eq!("𝘦𝘷𝘢𝘭".chars().filter_map(of).collect::<String>(), "eval");
        assert_eq!(of('ж'), None);
        assert_eq!(of('a'), None);
    }
}
