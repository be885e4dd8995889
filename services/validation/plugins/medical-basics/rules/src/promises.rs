//! ADV-1: no result is promised or guaranteed.
//!
//! A promise is a word of guaranteeing with a word of result near it, in one
//! clause, that nothing negates: "não garantimos", "sem garantia de cura",
//! "desconfie de quem promete resultados" say the opposite.

use crate::catalogue::ADV_1;
use crate::text::{Gap, Plain};
use crate::{Finding, MAX_FINDINGS, Reading};

/// How many words after a word of guaranteeing its object may stand.
const AFTER: usize = 8;
/// How many words before it, as in "resultados totalmente garantidos".
const BEFORE: usize = 4;
/// How far back a negation reaches.
const NEGATION: usize = 7;
/// How far a warning or a prohibition reaches, either way.
const WARNING: usize = 10;

/// How many words a question may go on after the promise.
const QUESTION: usize = 40;

pub fn check(reading: &Reading<'_>, findings: &mut Vec<Finding>) {
    for (field, plain) in &reading.fields {
        let mut next = 0;
        while next < plain.words().len() && findings.len() <= MAX_FINDINGS {
            let Some((first, last)) = promise(plain, next) else {
                next += 1;
                continue;
            };
            let (start, end) = plain.place(plain.words()[first].start, plain.words()[last].end);
            findings.push(Finding {
                rule: &ADV_1,
                field: *field,
                start,
                end,
                message: "O texto promete ou garante um resultado.".into(),
                advice: "Descreva o benefício esperado e seus limites, com a referência, sem garantir resultado.",
            });
            next = next.max(last) + 1;
        }
    }
}

/// The first and last word of a promise around the word at `at`.
fn promise(plain: &Plain, at: usize) -> Option<(usize, usize)> {
    let found = match plain.word(at) {
        "100" => absolute(plain, at),
        "cento" if at >= 2 && plain.word(at - 2) == "cem" => absolute(plain, at),
        word if is_guarantee(word) => guaranteed(plain, at),
        word if is_miraculous(word) => described(plain, at),
        "cura" => definitive(plain, at),
        "dinheiro" if plain.word(at + 1) == "de" && plain.word(at + 2) == "volta" => Some((at, at + 2)),
        _ => None,
    }?;
    let disclaimed = is_negated(plain, at) || is_warned_of(plain, found) || is_asked(plain, at);
    (!disclaimed).then_some(found)
}

fn is_guarantee(word: &str) -> bool {
    ["garant", "promet", "promess", "assegur"].iter().any(|stem| word.starts_with(stem))
        && !matches!(word, "assegurada" | "asseguradora" | "assegurado" | "promessinha")
}

fn is_result(word: &str) -> bool {
    matches!(
        word,
        "resultado"
            | "resultados"
            | "cura"
            | "curas"
            | "curado"
            | "curada"
            | "curados"
            | "curar"
            | "sucesso"
            | "melhora"
            | "recuperacao"
            | "emagrecimento"
            | "emagrecer"
            | "rejuvenescimento"
            | "rejuvenescer"
            | "eficacia"
            | "satisfacao"
            | "alivio"
            | "remissao"
            | "milagre"
            | "milagres"
    )
}

fn is_miraculous(word: &str) -> bool {
    matches!(word, "infalivel" | "infaliveis" | "milagroso" | "milagrosa" | "milagrosos" | "milagrosas")
}

fn same_clause(plain: &Plain, from: usize, to: usize) -> bool {
    plain.words()[from..to].iter().all(|word| word.gap < Gap::Clause)
}

/// "garantimos … resultado", "cura garantida".
fn guaranteed(plain: &Plain, at: usize) -> Option<(usize, usize)> {
    let end = (at + 1 + AFTER).min(plain.words().len());
    let after = (at + 1..end)
        .take_while(|&word| same_clause(plain, at, word))
        .find(|&word| is_result(plain.word(word)));
    if let Some(result) = after {
        // "Para garantir o sucesso do tratamento, tome os remédios" is advice.
        let cure = plain.word(result).starts_with("cura");
        return (cure || !is_purpose(plain, at)).then_some((at, result));
    }
    let participle = ["ado", "ada", "ados", "adas", "ido", "ida", "idos", "idas"];
    if !participle.iter().any(|ending| plain.word(at).ends_with(ending)) {
        return None;
    }
    let before = (at.saturating_sub(BEFORE)..at).rev();
    let result =
        before.take_while(|&word| same_clause(plain, word, at)).find(|&word| is_result(plain.word(word)))?;
    Some((result, at))
}

/// Whether an infinitive says what something is for.
fn is_purpose(plain: &Plain, at: usize) -> bool {
    let infinitive = plain.word(at).ends_with('r');
    infinitive
        && (at.saturating_sub(3)..at).any(|word| {
            matches!(
                plain.word(word),
                "para" | "fim" | "modo" | "forma" | "ajuda" | "ajudam" | "ajudar" | "visa" | "visam"
            )
        })
}

/// "100% eficaz", "cem por cento de sucesso".
fn absolute(plain: &Plain, at: usize) -> Option<(usize, usize)> {
    let percent =
        plain.word(at) == "cento" || plain.folded()[plain.words()[at].end..].trim_start().starts_with('%');
    let end = (at + 4).min(plain.words().len());
    let claim = (at + 1..end).take_while(|&word| same_clause(plain, at, word)).find(|&word| {
        let word = plain.word(word);
        is_result(word)
            || word.starts_with("garantid")
            || matches!(word, "eficaz" | "eficazes" | "efetivo" | "efetiva")
    })?;
    percent.then_some((at, claim))
}

/// "tratamento infalível", "milagrosa cura".
fn described(plain: &Plain, at: usize) -> Option<(usize, usize)> {
    let is_thing = |word: &str| {
        is_result(word)
            || [
                "tratament",
                "remedio",
                "metod",
                "tecnic",
                "diet",
                "procediment",
                "medicament",
                "terapi",
                "solucao",
            ]
            .iter()
            .any(|stem| word.starts_with(stem))
    };
    let from = at.saturating_sub(2);
    let to = (at + 3).min(plain.words().len());
    let thing = (from..to).find(|&word| {
        let (first, last) = (word.min(at), word.max(at));
        is_thing(plain.word(word)) && same_clause(plain, first, last)
    })?;
    Some((thing.min(at), thing.max(at)))
}

/// "Cura definitiva das varizes", where it is announced: first in its sentence, or
/// offered. "A cura definitiva só é possível …" tells, and so does a sentence that
/// goes on to doubt it.
fn definitive(plain: &Plain, at: usize) -> Option<(usize, usize)> {
    if !matches!(plain.word(at + 1), "definitiva" | "certa" | "imediata" | "rapida" | "completa" | "total") {
        return None;
    }
    let first = at == 0 || plain.words()[at - 1].gap >= Gap::Clause;
    let offered = at > 0
        && matches!(
            plain.word(at - 1),
            "oferecemos" | "conheca" | "tenha" | "alcance" | "conquiste" | "sua" | "com"
        );
    let doubt = |word: &str| {
        matches!(word, "nao" | "ainda" | "so" | "somente" | "talvez" | "pode" | "depende" | "quando")
    };
    let rest = at + 2..(at + 2 + WARNING).min(plain.words().len());
    let doubted = rest
        .take_while(|&word| plain.words()[word - 1].gap < Gap::Sentence)
        .any(|word| doubt(plain.word(word)));
    ((first || offered) && !doubted).then_some((at, at + 1))
}

/// Whether a negation before the word, in its own clause, reaches it.
fn is_negated(plain: &Plain, at: usize) -> bool {
    let word = plain.word(at);
    let finite = !word.ends_with('r') && !word.starts_with("garantia") && !word.starts_with("promess");
    for before in (at.saturating_sub(NEGATION)..at).rev() {
        if plain.words()[before].gap >= Gap::Comma {
            return false;
        }
        match plain.word(before) {
            "mas" | "porem" | "contudo" | "entretanto" | "todavia" | "pois" | "porque" => return false,
            // "Não dói e garante cura": the second verb is not negated.
            "e" if finite => return false,
            "nao" => return !matches!(plain.word(before + 1), "so" | "somente" | "apenas"),
            "nunca" | "jamais" | "nenhum" | "nenhuma" | "nem" | "ninguem" | "tampouco" | "impossivel" => {
                return true;
            }
            "sem" => return at - before == 1 || is_filler(plain.word(before + 1)),
            _ => {}
        }
    }
    false
}

/// Words between "sem" and the garantia that it denies.
fn is_filler(word: &str) -> bool {
    matches!(
        word,
        "qualquer"
            | "nenhuma"
            | "nenhum"
            | "a"
            | "uma"
            | "dar"
            | "oferecer"
            | "haver"
            | "ter"
            | "poder"
            | "que"
    )
}

/// Whether the sentence warns of the promise, or says that it is forbidden.
fn is_warned_of(plain: &Plain, (first, last): (usize, usize)) -> bool {
    let words = plain.words();
    let before =
        (first.saturating_sub(WARNING)..first).rev().take_while(|&word| words[word].gap < Gap::Sentence);
    let after = (last + 1..(last + 1 + WARNING).min(words.len()))
        .take_while(|&word| words[word - 1].gap < Gap::Sentence);
    // "Procure promessas de resultado e retire-as."
    let removed = after.clone().any(|word| {
        matches!(
            plain.word(word),
            "retire" | "retirem" | "remova" | "removam" | "exclua" | "apague" | "corrija"
        ) && matches!(plain.word(word + 1), "as" | "os" | "a" | "o")
    });
    removed || before.chain(after).any(|word| is_warning(plain.word(word)))
}

fn is_warning(word: &str) -> bool {
    ["desconfi", "proib", "vedad", "enganos", "antietic", "suspeit", "infracao", "crime"]
        .iter()
        .any(|stem| word.starts_with(stem))
        || matches!(
            word,
            "cuidado"
                | "evite"
                | "evitar"
                | "fuja"
                | "ilegal"
                | "falsa"
                | "falsas"
                | "falso"
                | "golpe"
                | "golpes"
                | "veda"
        )
}

/// "O tratamento garante a cura? Não." asks, and answers.
fn is_asked(plain: &Plain, at: usize) -> bool {
    let rest = &plain.words()[at..plain.words().len().min(at + QUESTION)];
    let Some(end) = rest.iter().position(|word| word.gap >= Gap::Sentence) else { return false };
    let question = rest[end].gap == Gap::Question
        || plain.folded()[rest[end].end..].trim_start_matches(['"', ')', ' ']).starts_with('?');
    question && plain.word(at + end + 1) == "nao"
}
