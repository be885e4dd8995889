//! PII-1: nothing in the text identifies a patient.
//!
//! A CPF or a CNS always does. A telephone or an e-mail address is most often an
//! institution's, and is found only where the text says that it is a patient's.

use identifiers::Kind;

use crate::catalogue::PII_1;
use crate::text::{Gap, Plain};
use crate::{Field, Finding, Reading, Refusal};

/// The confidence from which a number counts: check digits, and either the shape
/// or the word beside it.
const CONFIDENT: u8 = 75;

/// How many words before a telephone or an address the patient may be named; the
/// parts of another number between them count as words.
const REACH: usize = 14;

const ADVICE: &str = "Remova o dado: o conteúdo público não pode identificar um paciente.";

pub fn check(reading: &Reading<'_>, findings: &mut Vec<Finding>) -> Result<(), Refusal> {
    for (field, plain) in &reading.fields {
        let spans = identifiers::detect(plain.folded())
            .map_err(|_| Refusal::TooLarge("there are more identifiers than can be checked"))?;
        for span in spans {
            let message = match span.kind {
                Kind::Cpf if span.confidence >= CONFIDENT => "O texto traz um número de CPF.",
                Kind::Cns if span.confidence >= CONFIDENT => {
                    "O texto traz um número do Cartão Nacional de Saúde."
                }
                Kind::Phone if is_patients(plain, span.start) => "O texto traz o telefone de um paciente.",
                Kind::Email if is_patients(plain, span.start) => "O texto traz o e-mail de um paciente.",
                _ => continue,
            };
            findings.push(finding(*field, plain.place(span.start, span.end), message));
        }
    }
    Ok(())
}

fn finding(field: Field, (start, end): (usize, usize), message: &str) -> Finding {
    Finding { rule: &PII_1, field, start, end, message: message.into(), advice: ADVICE }
}

/// Whether a patient is named shortly before, in the same paragraph, and no word
/// of an institution's or of calling it stands between.
fn is_patients(plain: &Plain, start: usize) -> bool {
    let next = plain.words().partition_point(|word| word.start < start);
    for at in (next.saturating_sub(REACH)..next).rev() {
        let word = plain.word(at);
        if plain.words()[at].gap >= Gap::Sentence || is_institutional(word) {
            return false;
        }
        if matches!(word, "paciente" | "prontuario" | "mae" | "filho" | "filha" | "acompanhante") {
            return true;
        }
    }
    false
}

fn is_institutional(word: &str) -> bool {
    [
        "lig",
        "agend",
        "marc",
        "procur",
        "entr",
        "consult",
        "clinic",
        "hospita",
        "atendiment",
        "central",
        "ouvidori",
    ]
    .iter()
    .any(|stem| word.starts_with(stem))
        || matches!(
            word,
            "sac" | "ubs" | "samu" | "recepcao" | "secretaria" | "pode" | "deve" | "devem" | "podem"
        )
}
