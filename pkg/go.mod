module github.com/hygia-suite/hygia/pkg

go 1.26.8

replace github.com/hygia-suite/hygia/proto/gen => ../proto/gen
