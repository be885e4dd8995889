package rest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// MaxResponse bounds one answer, in bytes. The largest that the suite gives is
// an entry of 1 MiB, which JSON can swell by escapes.
const MaxResponse = 16 << 20

// A call ends after callTime, an upload, which may go over a slow line, after
// uploadTime.
const (
	callTime   = time.Minute
	uploadTime = 15 * time.Minute
)

// Options say where a suite is and who asks.
type Options struct {
	// URL of the gateway, such as "http://127.0.0.1:8440". Plain http is taken
	// for loopback hosts alone: a token must not cross a network in the clear.
	URL string
	// Token is an API token; empty for what needs none.
	Token string
	// Purpose of the access, such as "privacy"; empty leaves it to the gateway.
	Purpose string
	// HTTP sends the requests.
	HTTP *http.Client
	// UserAgent names the caller, such as "hygia/0.1.0".
	UserAgent string
}

// Client calls one gateway for one person. It is safe for concurrent use.
type Client struct {
	base    *url.URL
	options Options
}

// ErrURL says that a gateway's address cannot be used.
var ErrURL = errors.New("gateway address")

// New checks the options.
func New(o Options) (*Client, error) {
	base, err := url.Parse(strings.TrimSuffix(o.URL, "/"))
	if err != nil || base.Host == "" || (base.Scheme != "http" && base.Scheme != "https") {
		return nil, fmt.Errorf("%w %q is not an http or https URL", ErrURL, o.URL)
	}
	if base.Scheme == "http" && !loopback(base.Hostname()) {
		return nil, fmt.Errorf("%w %q would carry the token in the clear: use https", ErrURL, o.URL)
	}
	if strings.ContainsAny(o.Token, " \t\r\n") {
		return nil, errors.New("the token holds white space: pass it as it was shown, on one line")
	}
	return &Client{base: base, options: o}, nil
}

// URL is the gateway's address.
func (c *Client) URL() string { return c.base.String() }

func loopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// Call sends in, as the JSON body where it is not nil, and reads the answer into
// out. The path starts with "/" and has its own query. Errors are *Problem where
// the gateway answered, and ErrUnavailable where it did not.
func (c *Client) Call(ctx context.Context, method, path string, in, out proto.Message) error {
	var body io.Reader
	contentType := ""
	if in != nil {
		text, err := protojson.Marshal(in)
		if err != nil {
			return fmt.Errorf("%s %s: %w", method, path, err)
		}
		body, contentType = bytes.NewReader(text), "application/json"
	}
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	return c.send(ctx, method, path, contentType, body, 0, out)
}

// Upload streams a body of a known size. The size is sent ahead, so that the
// gateway refuses one that is too large before it is read.
func (c *Client) Upload(ctx context.Context, path, contentType string, body io.Reader, size int64, out proto.Message) error {
	ctx, cancel := context.WithTimeout(ctx, uploadTime)
	defer cancel()
	return c.send(ctx, http.MethodPost, path, contentType, body, size, out)
}

// Get fetches a path's JSON as it is.
func (c *Client) Get(ctx context.Context, path string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	return c.exchange(ctx, http.MethodGet, path, "", nil, 0)
}

func (c *Client) send(ctx context.Context, method, path, contentType string, body io.Reader, size int64, out proto.Message) error {
	text, err := c.exchange(ctx, method, path, contentType, body, size)
	if err != nil {
		return err
	}
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(text, out); err != nil {
		return fmt.Errorf("%s %s: the answer is not what this version of hygia reads (is %s a Hygia gateway?): %w", method, path, c.base, err)
	}
	return nil
}

func (c *Client) exchange(ctx context.Context, method, path, contentType string, body io.Reader, size int64) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.base.String()+path, body)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	if size > 0 {
		request.ContentLength = size
	}
	c.sign(request, contentType)
	response, err := c.options.HTTP.Do(request)
	if err != nil {
		return nil, unreachable(ctx, c.base, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, MaxResponse+1))
	if err != nil {
		return nil, unreachable(ctx, c.base, err)
	}
	if len(text) > MaxResponse {
		return nil, fmt.Errorf("%s %s: the answer is larger than %d MiB", method, path, MaxResponse>>20)
	}
	if response.StatusCode/100 != 2 {
		return nil, problemOf(response, text)
	}
	return text, nil
}

func (c *Client) sign(request *http.Request, contentType string) {
	request.Header.Set("Accept", "application/json")
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	if c.options.UserAgent != "" {
		request.Header.Set("User-Agent", c.options.UserAgent)
	}
	if c.options.Token != "" {
		request.Header.Set("Authorization", "Bearer "+c.options.Token)
	}
	if c.options.Purpose != "" {
		request.Header.Set("Hygia-Purpose", c.options.Purpose)
	}
}
