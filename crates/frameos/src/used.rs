//! What a run used, in words.

use frameos_domain::receipt::Resources;

/// One line, without what the kernel could not tell.
pub fn show(used: &Resources) -> String {
    let cpu = used.cpu_user_ms.zip(used.cpu_system_ms).map(|(user, system)| user.saturating_add(system));
    let waited = used.throttled_ms.filter(|millis| *millis > 0);
    [
        cpu.map(|millis| format!("cpu {millis} ms")),
        waited.map(|millis| format!("held back {millis} ms")),
        used.peak_memory_bytes.map(|bytes| format!("memory up to {}", size(bytes))),
        used.peak_pids.map(|pids| format!("up to {pids} processes and threads")),
        used.bytes_written.map(|bytes| format!("wrote {}", size(bytes))),
    ]
    .into_iter()
    .flatten()
    .collect::<Vec<_>>()
    .join(", ")
}

/// Bytes as people read them: the largest unit that leaves a whole number, with one decimal.
fn size(bytes: i64) -> String {
    let (mut tenths, mut unit) = (i128::from(bytes) * 10, "B");
    for larger in ["KB", "MB", "GB", "TB", "PB"] {
        if tenths < 10_240 {
            break;
        }
        (tenths, unit) = (tenths / 1024, larger);
    }
    if unit == "B" { format!("{bytes} B") } else { format!("{}.{} {unit}", tenths / 10, tenths % 10) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_the_unit_that_fits() {
        for (bytes, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KB"),
            (1536, "1.5 KB"),
            (48_000_000, "45.7 MB"),
            (i64::MAX, "8191.9 PB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }

    #[test]
    fn what_is_unknown_is_left_out() {
        assert_eq!(show(&Resources::default()), "");
        let used = Resources {
            cpu_user_ms: Some(40),
            cpu_system_ms: Some(2),
            throttled_ms: Some(0),
            bytes_written: Some(12),
            ..Resources::default()
        };
        assert_eq!(show(&used), "cpu 42 ms, wrote 12 B");
    }
}
