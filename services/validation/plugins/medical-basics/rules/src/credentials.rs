//! CRED-1: a physician is named with CRM, federative unit and the word MÉDICO.

mod mention;
mod registration;

use crate::catalogue::CRED_1;
use crate::text::{Gap, Plain};
use crate::{Author, Field, Finding, MAX_NAMED, Reading, Refusal};
use mention::{Mention, Name};
use registration::Registration;

/// How far after a name its registration may start, in characters.
const AFTER: usize = 160;
/// How far before.
const BEFORE: usize = 60;

const ADVICE: &str = "Mostre o nome seguido de MÉDICO ou MÉDICA e do CRM com a UF, como em \
                      “Dra. Maria Souza, MÉDICA, CRM/SP 123456”.";

/// A mention with what is shown of it.
struct Shown {
    field: Field,
    place: (usize, usize),
    name: Name,
    registered: bool,
    word: bool,
}

pub fn check(reading: &Reading<'_>, findings: &mut Vec<Finding>) -> Result<(), Refusal> {
    let mut shown = Vec::new();
    for (field, plain) in &reading.fields {
        read_field(*field, plain, &mut shown);
    }
    if shown.len() > MAX_NAMED {
        return Err(Refusal::TooLarge("more than 1000 physicians are named"));
    }
    // One full identification serves every other mention of the name.
    let authors = reading.document.authors.iter();
    let mut identified: Vec<Name> =
        authors.filter(|author| has_crm(author)).map(|author| Name::of(&author.display_name)).collect();
    identified.extend(shown.iter().filter(|one| one.registered && one.word).map(|one| one.name.clone()));
    let mut reported: Vec<Name> = Vec::new();
    for one in &shown {
        let known = |names: &[Name]| names.iter().any(|name| name.matches(&one.name));
        if one.registered && one.word || known(&identified) || known(&reported) {
            continue;
        }
        let message = missing(one.registered, one.word).to_string();
        findings.push(finding(one.field, one.place, message));
        reported.push(one.name.clone());
    }
    check_authors(&reading.document.authors, &identified, findings);
    Ok(())
}

fn finding(field: Field, (start, end): (usize, usize), message: String) -> Finding {
    Finding { rule: &CRED_1, field, start, end, message, advice: ADVICE }
}

fn missing(registered: bool, word: bool) -> &'static str {
    match (registered, word) {
        (false, true) => "Médico citado sem o número do CRM com a UF.",
        (true, _) => "Médico citado com CRM, mas sem a palavra MÉDICO.",
        (false, false) => "Médico citado sem CRM com a UF e sem a palavra MÉDICO.",
    }
}

/// Pairs each mention with the registration that follows it, and adds the
/// registrations that follow no title.
fn read_field(field: Field, plain: &Plain, shown: &mut Vec<Shown>) {
    let mentions = mention::find(plain, field == Field::Title);
    let registrations = registration::find(plain);
    let mut taken = vec![false; registrations.len()];
    let mut near: Vec<Option<usize>> = vec![None; mentions.len()];
    for (at, registration) in registrations.iter().enumerate() {
        // Its owner is the last one named before it, else the first right after.
        let next = mentions.partition_point(|mention| mention.start < registration.start);
        let before = next.checked_sub(1).filter(|&owner| mentions[owner].end + AFTER >= registration.start);
        let after = || {
            Some(next).filter(|&owner| {
                mentions.get(owner).is_some_and(|mention| registration.end + BEFORE >= mention.start)
            })
        };
        if let Some(owner) = before.filter(|&owner| near[owner].is_none()).or_else(after) {
            near[owner].get_or_insert(at);
            taken[at] = true;
        }
    }
    for (mention, near) in mentions.iter().zip(near) {
        let registration = near.map(|at| &registrations[at]);
        shown.extend(show_mention(field, plain, mention, registration));
    }
    let loose = registrations.iter().zip(taken).filter(|(_, taken)| !taken);
    shown.extend(loose.filter_map(|(registration, _)| show_registration(field, plain, registration)));
    shown.sort_by_key(|one| (one.field, one.place));
}

fn show_mention(
    field: Field,
    plain: &Plain,
    mention: &Mention,
    registration: Option<&Registration>,
) -> Option<Shown> {
    if registration.is_some_and(|registration| !registration.physicians) {
        return None; // A dentist or a nurse is called doctor too.
    }
    let end = registration.map_or(mention.end, |registration| registration.end.max(mention.end));
    Some(Shown {
        field,
        place: plain.place(mention.start, mention.end),
        name: mention.name.clone(),
        registered: registration.is_some_and(|registration| registration.complete),
        word: says_physician(plain, mention.start, end),
    })
}

/// "Ana Souza, CRM/SP 123456": who is meant is a physician, whatever the title.
fn show_registration(field: Field, plain: &Plain, registration: &Registration) -> Option<Shown> {
    let word = says_physician(plain, registration.start, registration.end);
    let incomplete = !(registration.complete && word);
    (registration.physicians && incomplete).then(|| Shown {
        field,
        place: plain.place(registration.start, registration.end),
        name: Name::of(""),
        registered: registration.complete,
        word,
    })
}

/// Whether the word stands near a stretch of the text, said of a person.
fn says_physician(plain: &Plain, start: usize, end: usize) -> bool {
    let words = plain.words();
    let first = words.partition_point(|word| word.start + BEFORE < start);
    let last = words.partition_point(|word| word.start < end + BEFORE);
    (first..last).any(|at| matches!(plain.word(at), "medico" | "medica") && !is_of_something_else(plain, at))
}

/// "consulta médica" and "procure um médico" name nobody.
fn is_of_something_else(plain: &Plain, at: usize) -> bool {
    let joined = at > 0 && plain.words()[at - 1].gap == Gap::None;
    joined
        && matches!(
            plain.word(at - 1),
            "consulta"
                | "consultas"
                | "avaliacao"
                | "orientacao"
                | "orientacoes"
                | "acompanhamento"
                | "atendimento"
                | "diagnostico"
                | "tratamento"
                | "exame"
                | "ajuda"
                | "atencao"
                | "receita"
                | "prescricao"
                | "equipe"
                | "area"
                | "clinica"
                | "literatura"
                | "sociedade"
                | "residencia"
                | "centro"
                | "um"
                | "uma"
                | "ao"
                | "do"
                | "pelo"
                | "pela"
                | "seu"
                | "sua"
                | "cada"
                | "outro"
                | "outra"
                | "qualquer"
                | "algum"
        )
}

/// Whether an author's credential, which a site shows with the word, is whole.
fn has_crm(author: &Author) -> bool {
    author.credential.as_ref().is_some_and(|credential| {
        let number = credential.number.as_bytes();
        credential.council.eq_ignore_ascii_case("CRM")
            && (1..=10).contains(&number.len())
            && number.iter().all(u8::is_ascii_digit)
            && registration::is_region(&credential.region)
    })
}

fn check_authors(authors: &[Author], identified: &[Name], findings: &mut Vec<Finding>) {
    for (at, author) in authors.iter().enumerate() {
        let name = Name::of(&author.display_name);
        let broken = match &author.credential {
            Some(credential) => credential.council.eq_ignore_ascii_case("CRM") && !has_crm(author),
            None => {
                mention::has_title(&author.display_name)
                    && !identified.iter().any(|other| other.matches(&name))
            }
        };
        if broken {
            let message = format!("O autor nº {} é médico e não traz CRM com número e UF.", at + 1);
            findings.push(finding(Field::Authors, (0, 0), message));
        }
    }
}
