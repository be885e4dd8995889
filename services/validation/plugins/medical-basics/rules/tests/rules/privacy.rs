//! PII-1: texts that pass, fail, and nearly fail.

use crate::common::{fails, findings, passes};

const RULE: &str = "PII-1";

#[test]
fn identifiers_of_persons_fail() {
    fails(RULE, "Caso de J.S., CPF 529.982.247-25.", &["529.982.247-25"]);
    fails(RULE, "O número 529.982.247-25 consta.", &["529.982.247-25"]);
    fails(RULE, "<td>CPF</td><td>52998224725</td>", &["52998224725"]);
    fails(RULE, "CNS 898 0000 0004 3208.", &["898 0000 0004 3208"]);
    fails(RULE, "CPF 529.982.<b>247</b>-25", &["529.982.<b>247</b>-25"]);
    fails(RULE, "CPF&nbsp;529&period;982&period;247-25", &["529&period;982&period;247-25"]);
}

#[test]
fn a_patients_telephone_fails() {
    fails(RULE, "O telefone da paciente é (11) 98765-4321.", &["(11) 98765-4321"]);
    fails(
        RULE,
        "A paciente, de 81 anos, CPF 529.982.247-25, telefone (21) 98765-4321, foi trazida.",
        &["529.982.247-25", "(21) 98765-4321"],
    );
    fails(RULE, "A mãe, tel. 11 98765-4321, relatou febre.", &["11 98765-4321"]);
    fails(RULE, "Paciente: ana@exemplo.com.br", &["ana@exemplo.com.br"]);
}

#[test]
fn an_institutions_telephone_passes() {
    passes(RULE, "Agende pelo (11) 3333-4444 ou contato@clinica.com.br.");
    passes(RULE, "O paciente deve ligar para (11) 3333-4444.");
    passes(RULE, "Atendimento ao paciente. Telefone (11) 3333-4444.");
    passes(RULE, "Pacientes podem escrever a ouvidoria@hospital.org.br.");
}

#[test]
fn numbers_of_other_kinds_pass() {
    passes(RULE, "CPF 529.982.247-26 não é válido.");
    passes(RULE, "CPF 111.111.111-11 é um exemplo.");
    passes(RULE, "O código 52998224725 é do produto.");
    passes(RULE, "CNPJ 11.222.333/0001-81.");
    passes(RULE, "Em 12/03/2024, 898 pacientes; DOI 10.1000/xyz123; PMID 12345678.");
    passes(RULE, "<a href=\"tel:+5511987654321\" data-id=\"52998224725\">Fale conosco</a>");
}

#[test]
fn a_finding_never_repeats_the_datum() {
    let found = findings(&crate::common::document("CPF 529.982.247-25"));
    for finding in found {
        assert!(!finding.message.contains("529") && !finding.advice.contains("529"), "{finding:?}");
    }
}
