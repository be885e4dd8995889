-- What was saved, submitted or signed is never changed, and who took part in an
-- entry never signs it: the schema refuses both, whoever asks.

-- +goose Up
-- +goose StatementBegin
CREATE TRIGGER signatures_second_person BEFORE INSERT ON signatures
WHEN EXISTS (SELECT 1 FROM revisions r WHERE r.tenant = NEW.tenant AND r.entry = NEW.entry AND r.person = NEW.person)
  OR EXISTS (SELECT 1 FROM submissions s WHERE s.tenant = NEW.tenant AND s.entry = NEW.entry AND s.person = NEW.person)
BEGIN SELECT RAISE(ABORT, 'signer took part'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER revisions_no_update BEFORE UPDATE ON revisions
BEGIN SELECT RAISE(ABORT, 'immutable: revisions'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER revisions_no_delete BEFORE DELETE ON revisions
BEGIN SELECT RAISE(ABORT, 'immutable: revisions'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER revision_authors_no_update BEFORE UPDATE ON revision_authors
BEGIN SELECT RAISE(ABORT, 'immutable: revision_authors'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER revision_authors_no_delete BEFORE DELETE ON revision_authors
BEGIN SELECT RAISE(ABORT, 'immutable: revision_authors'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER revision_terms_no_update BEFORE UPDATE ON revision_terms
BEGIN SELECT RAISE(ABORT, 'immutable: revision_terms'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER revision_terms_no_delete BEFORE DELETE ON revision_terms
BEGIN SELECT RAISE(ABORT, 'immutable: revision_terms'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER submissions_no_update BEFORE UPDATE ON submissions
BEGIN SELECT RAISE(ABORT, 'immutable: submissions'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER submissions_no_delete BEFORE DELETE ON submissions
BEGIN SELECT RAISE(ABORT, 'immutable: submissions'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER signatures_no_update BEFORE UPDATE ON signatures
BEGIN SELECT RAISE(ABORT, 'immutable: signatures'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER signatures_no_delete BEFORE DELETE ON signatures
BEGIN SELECT RAISE(ABORT, 'immutable: signatures'); END;
-- +goose StatementEnd
-- A revision's authors and terms come with it: later ones would change what its
-- hash was made of.
-- +goose StatementBegin
CREATE TRIGGER revision_authors_signed BEFORE INSERT ON revision_authors
WHEN EXISTS (SELECT 1 FROM signatures s WHERE s.tenant = NEW.tenant AND s.entry = NEW.entry AND s.revision = NEW.revision)
BEGIN SELECT RAISE(ABORT, 'immutable: revision_authors'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER revision_terms_signed BEFORE INSERT ON revision_terms
WHEN EXISTS (SELECT 1 FROM signatures s WHERE s.tenant = NEW.tenant AND s.entry = NEW.entry AND s.revision = NEW.revision)
BEGIN SELECT RAISE(ABORT, 'immutable: revision_terms'); END;
-- +goose StatementEnd
