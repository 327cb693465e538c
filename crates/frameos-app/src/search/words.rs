//! Taking texts apart into words that can be compared.

use std::collections::BTreeMap;

use frameos_store::agent::Agent;

/// Longer ones are cut: nobody types them, and hostile ones cost memory.
const LONGEST_WORD: usize = 32;
/// Words of one agent that are looked at.
const MOST_WORDS: usize = 1_000;
/// More words of a question than this say nothing new.
const MOST_ASKED: usize = 8;

/// Words that most texts have, left out of questions that have others.
const COMMON: &[&str] = &[
    "a", "an", "and", "are", "as", "at", "by", "for", "from", "i", "in", "is", "it", "me", "my", "of", "on",
    "or", "that", "the", "to", "with", "your",
];

/// The words of a text: letters and digits in lower case, without accents.
pub(super) fn words(text: &str) -> impl Iterator<Item = String> {
    let parts = text.split(|letter: char| !letter.is_alphanumeric()).filter(|part| !part.is_empty());
    parts.map(|part| part.chars().flat_map(char::to_lowercase).map(folded).take(LONGEST_WORD).collect())
}

/// The words a question asks for, and whether its last one may be unfinished.
pub(super) fn words_asked(text: &str) -> (Vec<String>, bool) {
    let all: Vec<String> = words(text).collect();
    let unfinished = text.ends_with(char::is_alphanumeric);
    let mut asked: Vec<String> = Vec::new();
    for word in &all {
        if !asked.contains(word) && !COMMON.contains(&word.as_str()) && asked.len() < MOST_ASKED {
            asked.push(word.clone());
        }
    }
    if asked.is_empty() {
        asked = all.into_iter().take(MOST_ASKED).collect();
        asked.dedup();
    }
    (asked, unfinished)
}

/// An agent's words and what each weighs: one in its name says more than one in its description.
pub(crate) fn words_weigh(agent: &Agent) -> Vec<(String, f32)> {
    let mut weights: BTreeMap<String, f32> = BTreeMap::new();
    let tags = agent.tags.join(" ");
    let company = agent.developer_company.as_deref().unwrap_or_default();
    let fields = [
        (agent.name.as_str(), 6.0),
        (tags.as_str(), 4.0),
        (agent.slug.as_str(), 3.0),
        (agent.category.as_str(), 3.0),
        (agent.developer_name.as_str(), 2.0),
        (company, 2.0),
        (agent.description.as_str(), 1.0),
    ];
    for (word, weight) in fields
        .into_iter()
        .flat_map(|(text, weight)| words(text).map(move |word| (word, weight)))
        .take(MOST_WORDS)
    {
        *weights.entry(word).or_default() += weight;
    }
    weights.into_iter().collect()
}

/// A Latin letter without its accent; others as they are.
const fn folded(letter: char) -> char {
    match letter {
        'à'..='å' | 'ā' | 'ă' | 'ą' => 'a',
        'ç' | 'ć' | 'č' => 'c',
        'ď' | 'đ' => 'd',
        'è'..='ë' | 'ē' | 'ė' | 'ę' | 'ě' => 'e',
        'ğ' => 'g',
        'ì'..='ï' | 'ī' | 'į' | 'ı' => 'i',
        'ł' => 'l',
        'ñ' | 'ń' | 'ň' => 'n',
        'ò'..='ö' | 'ø' | 'ō' | 'ő' => 'o',
        'ř' => 'r',
        'ś' | 'ş' | 'š' => 's',
        'ţ' | 'ť' => 't',
        'ù'..='ü' | 'ū' | 'ů' | 'ű' => 'u',
        'ý' | 'ÿ' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_fall_into_words() {
        let all = |text: &str| words(text).collect::<Vec<_>>();
        assert_eq!(all("LinkedIn-Outreach (B2B), 100%"), ["linkedin", "outreach", "b2b", "100"]);
        assert_eq!(all("Gämma ÉCLAIR"), ["gamma", "eclair"]);
        assert_eq!(all(&"x".repeat(100)), ["x".repeat(32)]);
        assert_eq!(all(" \u{0} -_- "), Vec::<String>::new());
    }

    #[test]
    fn questions_lose_their_common_words() {
        assert_eq!(words_asked("an agent for the mail"), (vec!["agent".to_owned(), "mail".to_owned()], true));
        assert_eq!(words_asked("the "), (vec!["the".to_owned()], false));
        assert_eq!(words_asked("mail mail mail").0, ["mail"]);
        assert_eq!(words_asked(&"a b c d e f g h i j k l".repeat(3)).0.len(), 8);
    }
}
