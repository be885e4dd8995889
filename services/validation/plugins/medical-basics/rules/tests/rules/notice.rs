//! GOV-4: texts that pass, fail, and nearly pass.

use crate::common::{document, findings};
use rules::{Field, Severity};

fn has_notice(body: &str) -> bool {
    !findings(&document(body)).iter().any(|finding| finding.rule.id == "GOV-4")
}

#[test]
fn notices_pass() {
    for body in [
        "Este conteúdo não substitui a consulta médica.",
        "As informações não substituem a avaliação de um médico.",
        "<p>O texto n&atilde;o&nbsp;substitui a <b>consulta</b> com seu médico.</p>",
        "ESTE ARTIGO NÃO SUBSTITUI O ACOMPANHAMENTO MÉDICO",
        "Estas orientações nunca devem substituir o diagnóstico feito por um profissional de saúde.",
        "Não pretende substituir a orientação médica.",
        "O texto não dispensa a avaliação presencial.",
        "A consulta médica não deve ser substituída por este texto.",
        "Não é um substituto para o aconselhamento profissional.",
    ] {
        assert!(has_notice(body), "{body}");
    }
}

#[test]
fn other_texts_fail() {
    for body in [
        "",
        "Procure um médico.",
        "Este conteúdo substitui a consulta médica.",
        "Não substitua o remédio sem consulta médica.",
        "Não substituir o medicamento sem consulta médica.",
        "O adoçante não substitui o açúcar.",
        "Não espere. Este texto substitui a consulta.",
        "O chá não substitui os medicamentos.",
        "<!-- não substitui a consulta médica --><p>Texto.</p>",
    ] {
        assert!(!has_notice(body), "{body}");
    }
}

#[test]
fn the_excerpt_may_hold_it() {
    let mut one = document("Texto.");
    one.excerpt = "Não substitui a consulta médica.".into();
    assert_eq!(findings(&one), []);
}

#[test]
fn what_is_absent_has_no_place() {
    let found = findings(&document("Texto."));
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].field, found[0].start, found[0].end), (Field::Body, 0, 0));
    assert_eq!(found[0].rule.severity, Severity::Warning);
}
