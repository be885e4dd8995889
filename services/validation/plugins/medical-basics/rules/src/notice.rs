//! GOV-4: the text says that it does not replace a consultation.

use crate::catalogue::GOV_4;
use crate::text::{Gap, Plain};
use crate::{Field, Finding, Reading};

/// How many words away from the verb its negation and its object may stand.
const REACH: usize = 9;

pub fn check(reading: &Reading<'_>, findings: &mut Vec<Finding>) {
    let shown = |field| field == Field::Excerpt || field == Field::Body;
    if reading.fields.iter().any(|(field, plain)| shown(*field) && has_notice(plain)) {
        return;
    }
    findings.push(Finding {
        rule: &GOV_4,
        field: Field::Body,
        start: 0,
        end: 0,
        message: "Falta o aviso de que o texto não substitui a consulta médica.".into(),
        advice: "Inclua, por exemplo: “Este conteúdo é informativo e não substitui a consulta com um médico.”",
    });
}

fn has_notice(plain: &Plain) -> bool {
    (0..plain.words().len()).any(|at| is_notice(plain, at))
}

fn is_notice(plain: &Plain, at: usize) -> bool {
    let word = plain.word(at);
    let active = matches!(
        word,
        "substitui"
            | "substituem"
            | "substituir"
            | "substituira"
            | "substituirao"
            | "substituindo"
            | "substituto"
            | "substituta"
            | "substitutos"
            | "dispensa"
            | "dispensam"
            | "dispensar"
    );
    let passive = matches!(word, "substituido" | "substituida" | "substituidos" | "substituidas");
    if active {
        negation(plain, at).is_some() && object_after(plain, at)
    } else if passive {
        // "A consulta médica não deve ser substituída por este texto."
        negation(plain, at).is_some_and(|negation| object_before(plain, negation))
    } else {
        false
    }
}

/// Where the negation before a word stands, in its sentence.
fn negation(plain: &Plain, at: usize) -> Option<usize> {
    let before = (at.saturating_sub(REACH)..at).rev();
    before.take_while(|&word| plain.words()[word].gap < Gap::Clause).find(|&word| {
        matches!(plain.word(word), "nao" | "nunca" | "jamais" | "nem" | "tampouco" | "nenhum" | "nenhuma")
    })
}

/// Whether what is not replaced is a consultation. "Não substituir o remédio sem
/// consulta médica" says something else: the search ends at "sem".
fn object_after(plain: &Plain, verb: usize) -> bool {
    let after = verb + 1..(verb + 1 + REACH).min(plain.words().len());
    let same = after.take_while(|&word| plain.words()[word - 1].gap < Gap::Sentence);
    same.take_while(|&word| !matches!(plain.word(word), "sem" | "por" | "pelo" | "pela"))
        .any(|word| is_care(plain, word))
}

fn object_before(plain: &Plain, verb: usize) -> bool {
    let before = (verb.saturating_sub(REACH)..verb).rev();
    before.take_while(|&word| plain.words()[word].gap < Gap::Sentence).any(|word| is_care(plain, word))
}

/// A consultation, or a professional's advice by another name.
fn is_care(plain: &Plain, at: usize) -> bool {
    match plain.word(at) {
        "consulta" | "consultas" => true,
        "avaliacao" | "avaliacoes" | "orientacao" | "orientacoes" | "atendimento" | "acompanhamento"
        | "diagnostico" | "aconselhamento" | "parecer" | "opiniao" | "conselho" | "visita" | "tratamento" => {
            (at + 1..at + 6).any(|next| is_professional(plain.word(next)))
        }
        "medico" | "medica" | "medicos" => true,
        _ => false,
    }
}

fn is_professional(word: &str) -> bool {
    ["medic", "profission", "especialista", "clinic", "presencia", "saude"]
        .iter()
        .any(|stem| word.starts_with(stem))
        && !word.starts_with("medicament")
}
