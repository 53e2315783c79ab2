// CompletionTests
