//! Alphabets that decoders look characters up in.

/// Base64 has 64 digits and identifiers' alphabets hold as many; base85 and base91 stand in order where honest.
const MIN_DIGITS: usize = 80;

/// Whether a text is an alphabet of a decoder in random order: every character once, hardly any beside its neighbour.
pub(super) fn is_shuffled(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.len() < MIN_DIGITS || bytes.len() > 128 {
        return false;
    }
    let mut seen = [false; 128];
    for &byte in bytes {
        match seen.get_mut(usize::from(byte)) {
            Some(seen) if !*seen => *seen = true,
            _ => return false,
        }
    }
    let neighbours = bytes.windows(2).filter(|pair| pair[0].abs_diff(pair[1]) == 1).count();
    neighbours * 5 < bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_alphabets_out_of_order_count() {
        let ordered: String = (33..124_u8).map(char::from).collect();
        assert!(!is_shuffled(&ordered));
        let shuffled: String = (0..91_u32).map(|n| char::from(33 + (n * 37 % 91) as u8)).collect();
        assert!(is_shuffled(&shuffled));
        assert!(!is_shuffled(&format!("{shuffled}!")), "a character stands twice");
        assert!(!is_shuffled("useandom-26T198340PX75pxJACKVERYMINDBUSHWOLF_GQZbfghjklqvwyzrict"));
    }
}
