package server

import (
	"context"
	"errors"

	"github.com/hygia-suite/hygia/pkg/rpc"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
	"github.com/hygia-suite/hygia/services/audit/internal/tlog"
)

// GetCheckpoint returns the newest signed checkpoint.
func (s *Server) GetCheckpoint(ctx context.Context, _ *auditv1.GetCheckpointRequest) (*auditv1.GetCheckpointResponse, error) {
	checkpoint, err := s.await(ctx, 0)
	if err != nil {
		return nil, err
	}
	return &auditv1.GetCheckpointResponse{Checkpoint: string(checkpoint.Note)}, nil
}

// GetInclusionProof proves that an event of the asker's tenant is in the log.
// For an event that is not published yet it waits for the next checkpoint.
func (s *Server) GetInclusionProof(ctx context.Context, r *auditv1.GetInclusionProofRequest) (*auditv1.GetInclusionProofResponse, error) {
	place, err := s.place(ctx, r.GetId())
	if err != nil {
		return nil, err
	}
	size := r.GetTreeSize()
	if size != 0 && size <= place.Position {
		return nil, ErrTreeSize.WithHint("the event was logged later; ask for a larger tree")
	}
	checkpoint, err := s.await(ctx, max(size, place.Position+1))
	if err != nil {
		return nil, err
	}
	if size == 0 {
		size = checkpoint.Size
	}
	hashes, err := s.tree.InclusionProof(ctx, place.Position, size)
	if err != nil {
		return nil, err
	}
	// The leaf comes from the log, not from the index: it is what is proved.
	leaf, err := s.log.Leaf(ctx, place.Position)
	if err != nil {
		return nil, err
	}
	return &auditv1.GetInclusionProofResponse{
		Index: place.Position, TreeSize: size, Leaf: leaf, Hashes: hashes,
		Checkpoint: string(checkpoint.Note),
	}, nil
}

// GetConsistencyProof proves that the log only grew.
func (s *Server) GetConsistencyProof(ctx context.Context, r *auditv1.GetConsistencyProofRequest) (*auditv1.GetConsistencyProofResponse, error) {
	from, to := r.GetFromSize(), r.GetToSize()
	if from > to {
		return nil, ErrTreeSize.WithField("from_size", "must not be larger than to_size")
	}
	rpc.Affects(ctx, "trail", "log")
	if _, err := s.await(ctx, to); err != nil {
		return nil, err
	}
	hashes, err := s.tree.ConsistencyProof(ctx, from, to)
	if err != nil {
		return nil, err
	}
	return &auditv1.GetConsistencyProofResponse{Hashes: hashes}, nil
}

// await returns a published checkpoint of at least size leaves. A tree that the
// log has not grown to yet is refused at once.
func (s *Server) await(ctx context.Context, size uint64) (tlog.Checkpoint, error) {
	have, err := s.log.Size(ctx)
	if err != nil {
		return tlog.Checkpoint{}, err
	}
	if size > have {
		return tlog.Checkpoint{}, ErrTreeSize
	}
	s.log.Hurry()
	wait, cancel := context.WithTimeout(ctx, checkpointWait)
	defer cancel()
	checkpoint, err := s.tree.AwaitCheckpoint(wait, size)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return tlog.Checkpoint{}, errNotPublished.Wrap(err)
	}
	return checkpoint, err
}
