module github.com/hygia-suite/hygia/services

go 1.26.8

replace github.com/hygia-suite/hygia/proto/gen => ../proto/gen

replace github.com/hygia-suite/hygia/pkg => ../pkg
