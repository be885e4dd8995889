package upload

import (
	"context"
	"net/http"

	"google.golang.org/grpc/codes"

	"github.com/hygia-suite/hygia/pkg/fault"
	contentv1 "github.com/hygia-suite/hygia/proto/gen/hygia/content/v1"
)

// wordpress is what the content service calls WordPress's exports.
const wordpress = "wordpress"

// Exports takes WordPress exports of at most 64 MiB to the content service, and
// answers 202 with where the import can be watched.
func Exports(imports contentv1.ImportServiceClient) Upload {
	return Upload{
		Path:     "/v1/imports/wordpress",
		Types:    []string{"application/xml", "text/xml", "application/octet-stream"},
		maxBytes: 64 << 20,
		tooLarge: fault.New(codes.InvalidArgument, "BODY_TOO_LARGE", "the export is larger than 64 MiB").
			WithHint("export fewer items at once: by author, category or date"),
		empty: fault.New(codes.InvalidArgument, "BODY_EMPTY", "the request has no body").
			WithHint("send the export as the request's body, such as with curl --data-binary @export.xml"),
		stream: func(ctx context.Context, _ *http.Request, body pieces) (answer, error) {
			stream, err := imports.UploadImport(ctx)
			if err != nil {
				return answer{}, err
			}
			response, err := send(body, stream, func(chunk []byte, first bool) *contentv1.UploadImportRequest {
				piece := &contentv1.UploadImportRequest{Chunk: chunk}
				if first {
					piece.Format = wordpress
				}
				return piece
			})
			if err != nil {
				return answer{}, err
			}
			return answer{http.StatusAccepted, "/v1/imports/" + response.GetImport().GetId(), response}, nil
		},
	}
}
