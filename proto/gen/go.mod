module github.com/hygia-suite/hygia/proto/gen

go 1.26.8
