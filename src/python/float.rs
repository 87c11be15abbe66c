//! `float.__repr__`: the shortest digits that read back as the same number, in Python's form.
//!
//! Rust writes as many digits, but when two candidates are equally near, it takes the upper one and Python the even one.
//! The form differs too: Python writes an exponent below 1e-4 and from 1e16, and keeps `.0`.
//!
//! <https://docs.python.org/3.11/library/functions.html#repr>; source: CPython 3.11, `Python/pystrtod.c`
//! (`PyOS_double_to_string`).

/// Returns `repr(value)`.
#[must_use]
pub fn repr(value: f64) -> String {
    if value.is_nan() {
        return "nan".to_owned();
    }
    if value.is_infinite() {
        let text = if value.is_sign_positive() { "inf" } else { "-inf" };
        return text.to_owned();
    }
    let scientific = shortest(value);
    let (mantissa, exponent) = scientific.split_once('e').expect("the format has an exponent");
    let exponent: i32 = exponent.parse().expect("the exponent is an integer");
    if (-4..16).contains(&exponent) {
        return plain(mantissa, exponent);
    }
    format!("{mantissa}e{exponent:+03}")
}

/// Writes the digits of `mantissa` with the point at `exponent`.
fn plain(mantissa: &str, exponent: i32) -> String {
    let (sign, mantissa) = mantissa
        .strip_prefix('-')
        .map_or(("", mantissa), |mantissa| ("-", mantissa));
    let digits = mantissa.replace('.', "");
    match usize::try_from(exponent) {
        Err(_) => {
            let zeros = "0".repeat(exponent.unsigned_abs() as usize - 1);
            format!("{sign}0.{zeros}{digits}")
        }
        Ok(exponent) => {
            let digits = format!("{digits:0<width$}", width = exponent + 2);
            let (whole, fraction) = digits.split_at(exponent + 1);
            format!("{sign}{whole}.{fraction}")
        }
    }
}

/// Writes `value` in scientific form, with the fewest digits that read back as the same number, and the even one of two.
fn shortest(value: f64) -> String {
    let upper = format!("{value:e}");
    let mantissa = upper.split('e').next().unwrap_or_default();
    // With a given precision, Rust rounds to even.
    let even = format!("{value:.digits$e}", digits = decimals(mantissa));
    if even != upper && even.parse() == Ok(value) {
        even
    } else {
        upper
    }
}

/// Returns the number of digits after the point.
fn decimals(mantissa: &str) -> usize {
    mantissa.split_once('.').map_or(0, |(_, decimals)| decimals.len())
}

#[cfg(test)]
mod tests {
    use super::repr;

    #[test]
    fn the_form_is_pythons() {
        for (value, text) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (0.1, "0.1"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (1.5e-5, "1.5e-05"),
            (0.0001, "0.0001"),
            (1e100, "1e+100"),
            (5e-324, "5e-324"),
            (f64::MAX, "1.7976931348623157e+308"),
            (f64::from_bits(0x4318_d00d_dd1a_f33d), "1746039350934735.2"),
            (5e-5, "5e-05"),
            (123_456.5, "123456.5"),
            (f64::NAN, "nan"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(repr(value), text);
        }
    }
}
