package wire

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/hygia-suite/hygia/pkg/actor"
	"github.com/hygia-suite/hygia/pkg/fault"
	documentv1 "github.com/hygia-suite/hygia/proto/gen/hygia/document/v1"
)

// ErrCredential refuses a registration that no council could have given.
var ErrCredential = fault.New(codes.InvalidArgument, "CREDENTIAL_INVALID", "the professional registration is not valid")

// maxSpecialties bounds the specialties of one person; CFM 2.336/2023 lets two
// be announced, registries hold a few more.
const maxSpecialties = 16

var (
	council = regexp.MustCompile(`^[A-Z]{2,10}$`)
	number  = regexp.MustCompile(`^[0-9]{1,10}$`)
)

// regions are the federative units, by IBGE's letters.
const regions = "AC AL AM AP BA CE DF ES GO MA MG MS MT PA PB PE PI PR RJ RN RO RR RS SC SE SP TO"

// Credential checks and returns the registration of a request, nil where there
// is none. path leads to it in the request, for the fields of the refusal.
func Credential(from *documentv1.Credential, path string) (*actor.Credential, error) {
	if from == nil {
		return nil, nil
	}
	refused := ErrCredential
	if !council.MatchString(from.GetCouncil()) {
		refused = refused.WithField(path+".council", "must be the council's capital letters, such as CRM")
	}
	if !number.MatchString(from.GetNumber()) {
		refused = refused.WithField(path+".number", "must be the registration number, at most 10 digits and nothing else")
	}
	if !slices.Contains(strings.Fields(regions), from.GetRegion()) {
		refused = refused.WithField(path+".region", "must be a federative unit's two letters, such as SP")
	}
	if len(from.GetSpecialties()) > maxSpecialties {
		refused = refused.WithField(path+".specialties", fmt.Sprintf("must be at most %d", maxSpecialties))
	}
	for i, s := range from.GetSpecialties() {
		if !number.MatchString(s) {
			refused = refused.WithField(fmt.Sprintf("%s.specialties[%d]", path, i), "must be an RQE number, at most 10 digits and nothing else")
			break
		}
	}
	if len(refused.Fields) > 0 {
		return nil, refused
	}
	return &actor.Credential{
		Council: from.GetCouncil(), Number: from.GetNumber(), Region: from.GetRegion(), Specialties: from.GetSpecialties(),
	}, nil
}

func credential(from *actor.Credential) *documentv1.Credential {
	if from == nil {
		return nil
	}
	return &documentv1.Credential{
		Council: from.Council, Number: from.Number, Region: from.Region, Specialties: from.Specialties,
	}
}
