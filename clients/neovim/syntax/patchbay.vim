" The text of a chat is Markdown; what is not of it begins with a sign of its own.
if exists('b:current_syntax')
  finish
endif

runtime! syntax/markdown.vim

syntax match PatchbayHeading /^▌ .*/
syntax match PatchbayReasoning /^┊.*/
syntax match PatchbayProblem /^✗ .*/
syntax match PatchbayHint /^→ .*/

let b:current_syntax = 'patchbay'
