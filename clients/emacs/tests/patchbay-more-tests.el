;;; patchbay-more-tests.el --- Tests of rewriting, suggestions, logins  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: Apache-2.0

;;; Commentary:

;; What is not a chat; see patchbay-tests.el.

;;; Code:

(require 'patchbay-tests)

;;; Rewriting

(defun patchbay-tests-rewrite (start end instruction)
  "Have START to END of this buffer rewritten; return the proposal's buffer."
  (patchbay-rewrite start end instruction)
  (window-buffer (get-buffer-window "*patchbay proposal*")))

(defmacro patchbay-tests-proposing (instruction &rest body)
  "Run BODY in a proposal for the middle line of three, made by INSTRUCTION."
  (declare (indent 1) (debug t))
  `(patchbay-tests-with
     (insert "one\ntwo\nthree\n")
     (buffer-enable-undo)
     (let* ((target (current-buffer))
            (proposal (patchbay-tests-rewrite 5 9 ,instruction)))
       (with-current-buffer proposal ,@body))))

(defun patchbay-tests-wait-diff ()
  "Wait for the diff."
  (patchbay-tests-wait (derived-mode-p 'diff-mode)))

(ert-deftest patchbay-tests-rewrite-accept ()
  "a rewritten region is shown as a diff, and accepting it changes the text"
  (patchbay-tests-proposing "!say zwei\\nextra"
    (patchbay-tests-wait-diff)
    (should (equal (patchbay-tests-text)
                   "--- before\n+++ proposed\n@@ -1 +1,2 @@\n-two\n+zwei\n+extra\n"))
    (should (eq (key-binding (kbd "C-c C-c")) 'patchbay-edit-accept))
    (patchbay-edit-accept)
    (with-current-buffer target
      (should (equal (buffer-string) "one\nzwei\nextra\nthree\n")))
    (should-not (buffer-live-p proposal))
    (should (string-match-p "<piece>\ntwo\n</piece>\n!say zwei"
                            (nth 1 (patchbay-tests-contents (car (patchbay-tests-bodies))))))))

(ert-deftest patchbay-tests-rewrite-reject ()
  "rejecting leaves the text as it is"
  (patchbay-tests-proposing "!say other"
    (patchbay-tests-wait-diff)
    (patchbay-edit-reject)
    (should-not (buffer-live-p proposal))
    (with-current-buffer target
      (should (equal (buffer-string) "one\ntwo\nthree\n")))))

(ert-deftest patchbay-tests-rewrite-moved ()
  "text that moved is still replaced, text that changed is not"
  (patchbay-tests-proposing "!say zwei"
    (patchbay-tests-wait-diff)
    (with-current-buffer target
      (goto-char 7)
      (insert "X"))
    (should-error (patchbay-edit-accept) :type 'user-error)
    (with-current-buffer target
      (delete-region 7 8)
      (goto-char (point-min))
      (insert "zero\n"))
    (patchbay-edit-accept)
    (with-current-buffer target
      (should (equal (buffer-string) "zero\none\nzwei\nthree\n")))))

(ert-deftest patchbay-tests-rewrite-fence ()
  "a code fence around the answer is left away"
  (patchbay-tests-proposing "!say ```elisp\\n(two)\\n```"
    (patchbay-tests-wait-diff)
    (patchbay-edit-accept)
    (with-current-buffer target
      (should (equal (buffer-string) "one\n(two)\nthree\n")))))

(ert-deftest patchbay-tests-rewrite-cancel ()
  "the proposal streams, and C-g there stops the request upstream"
  (patchbay-tests-proposing "!wait"
    (patchbay-tests-wait (string-match-p "waiting" (buffer-string)))
    (should (eq (key-binding (kbd "C-g")) 'patchbay-edit-reject))
    (patchbay-edit-reject)
    (should (equal (plist-get (patchbay-tests-get "/ended/1") :ended) "disconnected"))))

(ert-deftest patchbay-tests-rewrite-failure ()
  "a failure is shown where the proposal would be"
  (patchbay-tests-proposing "!fail 401"
    (patchbay-tests-wait (string-match-p "✗ " (buffer-string)))
    (should-error (patchbay-edit-accept) :type 'user-error)))

;;; Suggestions

(defmacro patchbay-tests-writing (&rest body)
  "Run BODY in a buffer that a window shows, with suggestions while typing."
  (declare (indent 0) (debug t))
  `(patchbay-tests-with
     (switch-to-buffer (current-buffer))
     (let ((patchbay-inline-delay 0.01))
       (patchbay-inline-mode)
       ,@body)))

(defun patchbay-tests-type (text)
  "Insert TEXT as a command would."
  (insert text)
  (run-hooks 'post-command-hook))

(ert-deftest patchbay-tests-suggests ()
  "a suggestion is text that is not there, until TAB takes it"
  (patchbay-tests-writing
    (patchbay-tests-type "value = ")
    (patchbay-tests-wait (patchbay-inline--shown))
    (should (equal (patchbay-inline--shown) "filled"))
    (should (equal (buffer-string) "value = "))
    (should (eq (get-text-property 0 'face (overlay-get patchbay-inline--overlay 'after-string))
                'patchbay-suggestion))
    (should (eq (key-binding (kbd "TAB")) 'patchbay-accept-suggestion))
    (call-interactively #'patchbay-accept-suggestion)
    (should (equal (buffer-string) "value = filled"))
    (should-not (eq (key-binding (kbd "TAB")) 'patchbay-accept-suggestion))))

(ert-deftest patchbay-tests-suggestion-goes ()
  "typing on takes a suggestion away"
  (patchbay-tests-writing
    (patchbay-tests-type "one ")
    (patchbay-tests-wait (patchbay-inline--shown))
    (let ((patchbay-inline-delay 60))
      (patchbay-tests-type "t"))
    (should-not (patchbay-inline--shown))
    (should-not (overlays-in (point-min) (point-max)))))

(ert-deftest patchbay-tests-stale ()
  "typing on ends the request that it has overtaken"
  (patchbay-tests-writing
    (patchbay-tests-type "!wait")
    (patchbay-tests-wait patchbay-inline--request)
    (patchbay-tests-get "/begun/1")
    (erase-buffer)
    (patchbay-tests-type "!say new ")
    (should (equal (plist-get (patchbay-tests-get "/ended/1") :ended) "disconnected"))
    (patchbay-tests-wait (patchbay-inline--shown))
    (should (equal (patchbay-inline--shown) "new"))))

(ert-deftest patchbay-tests-suggest-off ()
  "nothing is sent while typing unless it was switched on; a command asks once"
  (patchbay-tests-with
    (switch-to-buffer (current-buffer))
    (patchbay-tests-type "words ")
    (should-not patchbay-inline--timer)
    (patchbay-suggest)
    (patchbay-tests-wait (patchbay-inline--shown))
    (should (= (length (patchbay-tests-bodies)) 1))))

(ert-deftest patchbay-tests-capf ()
  "completion-at-point offers a suggestion"
  (patchbay-tests-with
    (switch-to-buffer (current-buffer))
    (setq-local completion-at-point-functions '(patchbay-completion-at-point))
    (insert "value = ")
    (completion-at-point)
    (should (equal (buffer-string) "value = filled"))))

(ert-deftest patchbay-tests-inline-model ()
  "suggestions may come from a model of their own"
  (patchbay-tests-with
    (switch-to-buffer (current-buffer))
    (insert "again ")
    (let ((patchbay-inline-model "echo/echo"))
      (patchbay-suggest)
      (patchbay-tests-wait (patchbay-inline--shown)))
    (should (string-prefix-p "again" (patchbay-inline--shown)))
    (should-not (patchbay-tests-bodies))))

;;; Logins

(defvar patchbay-tests-ended nil "Whether a login has ended.")

(defmacro patchbay-tests-login (text &rest body)
  "Run BODY, which logs in, with TEXT as the answer to each question."
  (declare (indent 1) (debug t))
  `(patchbay-tests-with
     (let ((patchbay-login-hook (list (lambda () (setq patchbay-tests-ended t)))))
       (setq patchbay-tests-ended nil)
       (patchbay-tests-choosing ,text
         ,@body
         (patchbay-tests-wait patchbay-tests-ended)))))

(defun patchbay-tests-auth ()
  "Return the text of auth.json, or nil."
  (let ((file (expand-file-name "data/auth.json" patchbay-tests-home)))
    (and (file-exists-p file)
         (with-temp-buffer
           (insert-file-contents file)
           (buffer-string)))))

(ert-deftest patchbay-tests-login-key ()
  "a key is asked for unseen, and stored"
  (patchbay-tests-login "gsk-typed"
    (cl-letf (((symbol-function 'read-string) (lambda (&rest _) (ert-fail "not unseen"))))
      (patchbay-login "groq" "apiKey")
      (patchbay-tests-wait patchbay-tests-ended))
    (should (string-match-p "gsk-typed" (patchbay-tests-auth)))))

(ert-deftest patchbay-tests-login-chosen ()
  "the provider is chosen by completing-read"
  (patchbay-tests-login "groq"
    (patchbay-login)
    (patchbay-tests-wait patchbay-tests-ended)
    (should (member "anthropic" patchbay-tests-offered))
    (should-not (member "echo" patchbay-tests-offered))
    (should (patchbay-tests-auth))))

(ert-deftest patchbay-tests-login-given-up ()
  "quitting the question ends the login, and nothing is stored"
  (patchbay-tests-login (signal 'quit nil)
    (patchbay-login "groq" "apiKey")
    (patchbay-tests-wait patchbay-tests-ended)
    (should-not (patchbay-tests-auth))))

(ert-deftest patchbay-tests-login-browser ()
  "an address is shown and opened, a code is asked for until it fits, quitting ends it"
  (let (opened (answers '("http://localhost/callback?code=a&state=wrong")) prompts)
    (cl-letf (((symbol-function 'browse-url) (lambda (url) (setq opened url)))
              ((symbol-function 'y-or-n-p) (lambda (_) t)))
      (patchbay-tests-with
        (let ((patchbay-login-hook (list (lambda () (setq patchbay-tests-ended t)))))
          (setq patchbay-tests-ended nil)
          (cl-letf (((symbol-function 'read-string)
                     (lambda (prompt)
                       (push prompt prompts)
                       (or (pop answers) (signal 'quit nil)))))
            (patchbay-login "anthropic" "oauth")
            (patchbay-tests-wait patchbay-tests-ended))))
      (should (string-prefix-p "https://" opened))
      (should (= (length prompts) 2))
      (should (string-match-p "belongs to another login" (car prompts)))
      (should-not (get-buffer patchbay-login--buffer)))))

;;; The rest

(ert-deftest patchbay-tests-mode-line ()
  "the mode line tells who answers, the cost and what is being written"
  (patchbay-tests-with
    (patchbay-mode-line-mode)
    (unwind-protect
        (progn
          (should (memq 'patchbay-mode-line--construct global-mode-string))
          (patchbay)
          (patchbay-tests-ask "!wait")
          (patchbay-tests-wait (string-match-p "waiting" (patchbay-tests-text)))
          (should (equal (patchbay-mode-line) "loop/looped …"))
          (patchbay-tests-get "/release")
          (patchbay-tests-wait (not patchbay-chat--request))
          (should (string-match-p "\\`loop/looped \\$0\\.00[0-9][0-9]\\'" (patchbay-mode-line))))
      (patchbay-mode-line-mode -1))
    (should-not (memq 'patchbay-mode-line--construct global-mode-string))))

(ert-deftest patchbay-tests-customize ()
  "every option and face is in the customize group"
  (let ((members (mapcar #'car (get 'patchbay 'custom-group))))
    (mapatoms (lambda (symbol)
                (when (and (string-match-p "\\`patchbay-[^-]" (symbol-name symbol))
                           (not (string-match-p "-mode\\(-hook\\)?\\'" (symbol-name symbol)))
                           (or (custom-variable-p symbol) (facep symbol)))
                  (should (memq symbol members)))))))

(provide 'patchbay-more-tests)
;;; patchbay-more-tests.el ends here
