// The one place that names the C library: every other file gets it from here, so that Glibc, Musl and Darwin differ
// in one file only.
#if canImport(Glibc)
@_exported public import Glibc
#elseif canImport(Musl)
@_exported public import Musl
#elseif canImport(Darwin)
@_exported public import Darwin
#endif
