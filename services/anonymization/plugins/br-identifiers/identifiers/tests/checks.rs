//! Check digits against numbers that the issuing bodies, or validators that
//! agree with them, publish as valid.

use identifiers::checks;

fn values<const N: usize>(text: &str) -> [u8; N] {
    let mut values = [0; N];
    let characters = text.bytes().filter(u8::is_ascii_alphanumeric);
    values.iter_mut().zip(characters).for_each(|(value, byte)| *value = byte - b'0');
    values
}

#[test]
fn accepts_published_numbers() {
    // Receita Federal's examples, and for the letters IN RFB 2.229/2024's.
    for cpf in ["529.982.247-25", "111.444.777-35"] {
        assert!(checks::cpf(&values(cpf)), "{cpf}");
    }
    for cnpj in ["12.ABC.345/01DE-35", "11.222.333/0001-81"] {
        assert!(checks::cnpj(&values(cnpj)), "{cnpj}");
    }
    // DATASUS's routine: two definitive numbers, two provisional ones.
    for cns in ["174598435280018", "285054561330005", "898000000043208", "750655718440005"] {
        assert!(checks::cns(&values(cns)), "{cns}");
    }
}

#[test]
fn refuses_every_single_digit_changed() {
    let wrong = |text: &str, unguarded: Option<usize>, check: &dyn Fn(&str) -> bool| {
        for at in (0..text.len()).filter(|&at| Some(at) != unguarded) {
            for digit in b'0'..=b'9' {
                let mut changed = text.as_bytes().to_vec();
                changed[at] = digit;
                let changed = String::from_utf8(changed).expect("digits are ASCII");
                assert_eq!(check(&changed), changed == text, "{changed}");
            }
        }
    };
    wrong("52998224725", None, &|text| checks::cpf(&values(text)));
    wrong("11222333000181", None, &|text| checks::cnpj(&values(text)));
    // The fifth digit's weight is 11, so modulo 11 guards all but that one.
    wrong("174598435280018", Some(4), &|text| checks::cns(&values(text)));
    wrong("898000000043208", Some(4), &|text| checks::cns(&values(text)));
}

#[test]
fn refuses_equal_digits() {
    for digit in 0..10 {
        assert!(!checks::cpf(&[digit; 11]));
        assert!(!checks::cnpj(&[digit; 14]));
        assert!(!checks::cns(&[digit; 15]));
    }
}

/// The routine's rarest branch: where the sum leaves 1, the tail is 001 and a
/// digit. No published example takes it, so one is searched for.
#[test]
fn takes_the_long_way_round_for_a_definitive_cns() {
    let mut number: [u8; 15] = values("100000000000000");
    let sum = |number: &[u8; 15]| -> u32 { (0..11).map(|at| u32::from(number[at]) * (15 - at as u32)).sum() };
    while sum(&number) % 11 != 1 {
        let at = (1..11).rev().find(|&at| number[at] < 9).expect("some sum leaves 1");
        number[at] += 1;
    }
    number[11..].copy_from_slice(&[0, 0, 1, 8]);
    assert!(checks::cns(&number));
    assert_eq!((0..15).map(|at| u32::from(number[at]) * (15 - at as u32)).sum::<u32>() % 11, 0);
}
