//! A level as a bar on the scale of IEC 60268-18, and the ticks below it.

use super::Look;
use meter::ChannelLevel;
use ratatui::text::Span;
use units::Dbfs;

/// Deflection of the scale: dBFS and how far along the bar, 0 to 1.
const SCALE: [(f32, f32); 6] = [(-60.0, 0.0), (-50.0, 0.075), (-40.0, 0.15), (-30.0, 0.30), (-20.0, 0.50), (0.0, 1.0)];
/// Labels, the most important first: a later one that does not fit is left out.
const TICKS: [i32; 11] = [0, -60, -20, -40, -10, -30, -6, -3, -15, -50, -24];
/// From here on the bar asks to be watched.
const WATCH: Dbfs = Dbfs(-3.0);
const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// Where a level stands on a bar, 0 to 1.
pub(super) fn deflection(level: Dbfs) -> f32 {
    let step = SCALE.windows(2).find(|step| level.0 < step[1].0);
    match step {
        _ if level.0.is_nan() || level.0 <= SCALE[0].0 => 0.0,
        Some([(from, low), (to, high)]) => low + (high - low) * (level.0 - from) / (to - from),
        _ => 1.0,
    }
}

/// The bar in exactly `width` columns: solid to the RMS, lighter to the peak, a mark at the hold.
pub(super) fn bar(level: &ChannelLevel, width: usize, look: Look) -> Vec<Span<'static>> {
    let columns = |level: Dbfs| deflection(level) * width as f32;
    let (rms, peak) = (columns(level.rms) as usize, columns(level.peak));
    let hold = (columns(level.hold).ceil() as usize).checked_sub(1);
    let watch = columns(WATCH) as usize;
    let cell = |at: usize| {
        if at < rms.min(peak as usize) {
            look.sign("█", "#")
        } else if at < peak as usize {
            look.sign("▓", "=")
        } else if hold == Some(at) {
            look.sign("│", "|")
        } else if at == peak as usize && look.unicode {
            EIGHTHS[(peak.fract() * 8.0) as usize]
        } else {
            ""
        }
    };
    let mut text = [String::new(), String::new()];
    for at in 0..width {
        let sign = cell(at);
        text[usize::from(at >= watch)].push_str(if sign.is_empty() { look.sign("·", ".") } else { sign });
    }
    let [low, high] = text;
    vec![Span::styled(low, look.accent()), Span::styled(high, look.watch())]
}

/// The labels of the scale, each ending where its level stands, in exactly `width` columns.
pub(super) fn ticks(width: usize) -> String {
    let mut row = vec![b' '; width];
    for db in TICKS {
        let label = db.to_string();
        let end = ((deflection(Dbfs(db as f32)) * width as f32).round() as usize).clamp(label.len().min(width), width);
        let start = end.saturating_sub(label.len());
        let free = row[start.saturating_sub(1)..(end + 1).min(width)].iter().all(|cell| *cell == b' ');
        if free && end - start == label.len() {
            row[start..end].copy_from_slice(label.as_bytes());
        }
    }
    String::from_utf8_lossy(&row).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PLAIN: Look = Look { colour: false, unicode: false };

    fn drawn(peak: f32, hold: f32, rms: f32, width: usize, look: Look) -> String {
        let level = ChannelLevel { peak: Dbfs(peak), hold: Dbfs(hold), rms: Dbfs(rms), overs: 0 };
        bar(&level, width, look).iter().map(|span| span.content.as_ref()).collect()
    }

    #[test]
    fn the_bar_is_solid_to_the_rms_light_to_the_peak_and_marked_at_the_hold() {
        assert_eq!(drawn(-10.0, -4.0, -20.0, 20, PLAIN), "##########=====..|..");
        assert_eq!(drawn(f32::NEG_INFINITY, f32::NEG_INFINITY, f32::NEG_INFINITY, 8, PLAIN), "........");
        assert_eq!(drawn(0.0, 0.0, -3.0, 10, PLAIN), "#########=");
        assert_eq!(drawn(-9.0, -9.0, -20.0, 20, Look { unicode: true, ..PLAIN }), "██████████▓▓▓▓▓│····");
    }

    #[test]
    fn the_scale_is_that_of_the_standard_at_its_corners() {
        for (db, share) in
            [(-70.0, 0.0), (-60.0, 0.0), (-40.0, 0.15), (-30.0, 0.3), (-20.0, 0.5), (-10.0, 0.75), (3.0, 1.0)]
        {
            assert!((deflection(Dbfs(db)) - share).abs() < 1e-6, "{db}");
        }
    }

    #[test]
    fn ticks_stand_under_their_levels_and_never_touch() {
        assert_eq!(ticks(60), "-60   -40      -30    -24  -20     -15    -10    -6   -3   0");
        assert_eq!(ticks(20), "-60    -20  -10    0");
        assert_eq!(ticks(0), "");
    }

    proptest! {
        #[test]
        fn a_bar_fills_its_columns_whatever_the_levels(
            peak in -90f32..6.0, hold in -90f32..6.0, rms in -90f32..6.0, width in 0usize..120, unicode: bool,
        ) {
            let text = drawn(peak, hold, rms, width, Look { colour: true, unicode });
            prop_assert_eq!(text.chars().count(), width);
            prop_assert_eq!(ticks(width).len(), width);
        }
    }
}
