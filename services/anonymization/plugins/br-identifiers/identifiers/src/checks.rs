//! Check digits, each by the routine of the body that issues the number.
//!
//! A checksum alone proves little: one random run of eleven digits in a hundred
//! passes [`cpf`], one of fifteen in eleven passes [`cns`] in its provisional
//! form. The caller weighs it with the shape and the words around it.

/// Whether all values are the same, as in 111.111.111-11: such numbers pass the
/// arithmetic of several routines, and no body issues them.
pub fn all_equal(values: &[u8]) -> bool {
    values.windows(2).all(|pair| pair[0] == pair[1])
}

/// The digit that closes a number whose weighted sum is `sum`, modulo 11.
fn mod11(sum: u32) -> u8 {
    match sum % 11 {
        0 | 1 => 0,
        rest => (11 - rest) as u8,
    }
}

/// Cadastro de Pessoas Físicas: eleven digits, weights 10 to 2 and 11 to 2
/// (Receita Federal, IN RFB 2.172/2024).
pub fn cpf(digits: &[u8; 11]) -> bool {
    let close = |length: usize| {
        let weighted = digits[..length].iter().zip((2..=length as u32 + 1).rev());
        mod11(weighted.map(|(&digit, weight)| u32::from(digit) * weight).sum())
    };
    !all_equal(digits) && close(9) == digits[9] && close(10) == digits[10]
}

/// Cadastro Nacional da Pessoa Jurídica, numeric or alphanumeric (IN RFB
/// 2.229/2024, from July 2026). A value is the character's code point less 48,
/// so `A` is 17; the last two are digits.
pub fn cnpj(values: &[u8; 14]) -> bool {
    const WEIGHTS: [u32; 13] = [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2];
    let close = |length: usize| {
        let weighted = values[..length].iter().zip(&WEIGHTS[13 - length..]);
        mod11(weighted.map(|(&value, weight)| u32::from(value) * weight).sum())
    };
    !all_equal(values) && close(12) == values[12] && close(13) == values[13]
}

/// Cartão Nacional de Saúde: fifteen digits. The definitive form starts with 1
/// or 2 and is derived from a PIS/NIS number, the provisional one with 7, 8 or 9
/// (DATASUS, "Rotina de validação do número do CNS"). Where public validators
/// disagree on the definitive form, this takes the official routine's side.
pub fn cns(digits: &[u8; 15]) -> bool {
    match digits[0] {
        1 | 2 => definitive(digits),
        7..=9 => weighted15(digits).is_multiple_of(11) && !all_equal(digits),
        _ => false,
    }
}

fn weighted15(digits: &[u8]) -> u32 {
    digits.iter().zip((1..=15).rev()).map(|(&digit, weight): (_, u32)| u32::from(digit) * weight).sum()
}

/// The four digits after the eleven of the PIS are 000 and a digit, or 001 and a
/// digit where the first try gives 10.
fn definitive(digits: &[u8; 15]) -> bool {
    let sum = weighted15(&digits[..11]);
    let tail = match 11 - sum % 11 {
        11 => [0, 0, 0, 0],
        10 => [0, 0, 1, (11 - (sum + 2) % 11) as u8],
        digit => [0, 0, 0, digit as u8],
    };
    digits[11..] == tail
}
