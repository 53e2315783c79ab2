;;; patchbay-tests.el --- Tests of the client, in Emacs itself  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: Apache-2.0

;;; Commentary:

;; Each test has an upstream, a home and a process of patchbay of its own.
;; tests/run runs them, and prints a line for each.

;;; Code:

(require 'ert)
(require 'url)
(require 'patchbay)

(defconst patchbay-tests-patience 30 "Seconds that anything is waited for.")

(defvar patchbay-tests-home nil "The PATCHBAY_HOME of this test.")
(defvar patchbay-tests-port nil "The port of its upstream.")

(defmacro patchbay-tests-wait (condition)
  "Wait until CONDITION holds; look at it again whenever something happened."
  (declare (debug t))
  `(let ((deadline (+ (float-time) patchbay-tests-patience)))
     (while (not ,condition)
       (when (> (float-time) deadline)
         (ert-fail (list "it did not come" ',condition (buffer-string))))
       ;; Returns as soon as a process has written or a timer has run.
       (accept-process-output nil 1))))

(defun patchbay-tests-get (path)
  "Ask the upstream for PATH; return its JSON as a plist."
  (with-current-buffer (url-retrieve-synchronously
                        (format "http://127.0.0.1:%d%s" patchbay-tests-port path) t t 90)
    (goto-char (point-min))
    (search-forward "\n\n")
    (prog1 (json-parse-buffer :object-type 'plist :array-type 'list :null-object nil)
      (kill-buffer))))

(defun patchbay-tests-bodies ()
  "Return what the upstream was sent."
  (mapcar (lambda (request) (plist-get request :body))
          (plist-get (patchbay-tests-get "/log") :requests)))

(defun patchbay-tests-contents (body)
  "Return the texts of the messages of BODY."
  (mapcar (lambda (message) (plist-get message :content)) (plist-get body :messages)))

(defun patchbay-tests-start ()
  "Start an upstream; return its process."
  (let* ((output "")
         (process (make-process
                   :name "upstream" :connection-type 'pipe :noquery t
                   :command (list "python3" (getenv "PATCHBAY_UPSTREAM") "--home"
                                  patchbay-tests-home "--until-eof")
                   :filter (lambda (_ text) (setq output (concat output text))))))
    (while (not (string-suffix-p "\n" output))
      (accept-process-output process 1))
    (setq patchbay-tests-port (string-to-number output))
    process))

(defun patchbay-tests-forget ()
  "End patchbay, as leaving Emacs would, and forget all chats."
  (let ((process patchbay-rpc--process))
    (setq patchbay-rpc--connection nil)
    (patchbay-rpc--stop)
    (while (process-live-p process)
      (accept-process-output process 1)))
  (clrhash patchbay-rpc--requests)
  (setq patchbay-rpc--process nil patchbay-info nil patchbay-choice nil patchbay-cost 0.0)
  (let ((kill-buffer-query-functions nil))
    (dolist (buffer (buffer-list))
      (when (string-prefix-p "*patchbay" (buffer-name buffer))
        (kill-buffer buffer)))))

(defmacro patchbay-tests-with (&rest body)
  "Run BODY with an upstream and a fresh home."
  (declare (indent 0) (debug t))
  `(let* ((patchbay-tests-home (make-temp-file "patchbay-emacs-" t))
          (process-environment (cons (concat "PATCHBAY_HOME=" patchbay-tests-home)
                                     process-environment))
          (patchbay-command (list (getenv "PATCHBAY_BINARY") "serve"))
          (upstream (patchbay-tests-start))
          (inhibit-message t))
     (unwind-protect
         (with-temp-buffer ,@body)
       (patchbay-tests-forget)
       (delete-process upstream)
       (delete-directory patchbay-tests-home t))))

(defmacro patchbay-tests-choosing (text &rest body)
  "Run BODY with TEXT as the answer to whatever is asked for."
  (declare (indent 1) (debug t))
  `(cl-letf (((symbol-function 'completing-read)
              (lambda (_prompt choices &rest _)
                (setq patchbay-tests-offered (all-completions "" choices))
                ,text))
             ((symbol-function 'read-passwd) (lambda (&rest _) ,text))
             ((symbol-function 'read-string) (lambda (&rest _) ,text)))
     ,@body))

(defvar patchbay-tests-offered nil "What `completing-read' offered.")

(defun patchbay-tests-wait-chat ()
  "Wait until the selected window shows a chat, and make that current."
  (patchbay-tests-wait (eq (buffer-local-value 'major-mode (window-buffer))
                           'patchbay-chat-mode))
  (set-buffer (window-buffer)))

(defun patchbay-tests-text ()
  "Return the text of this chat."
  (buffer-substring-no-properties (point-min) (point-max)))

(defun patchbay-tests-ask (question)
  "Send QUESTION in this chat; do not wait."
  (goto-char (point-max))
  (insert question)
  (patchbay-chat-send))

(defun patchbay-tests-answer (question)
  "Send QUESTION in this chat, and wait for the end of the answer."
  (patchbay-tests-ask question)
  (patchbay-tests-wait (not patchbay-chat--request)))

(defun patchbay-tests-note ()
  "Return what is shown beside the latest answer's heading."
  (overlay-get patchbay-chat--label 'after-string))

;;; Chats

(ert-deftest patchbay-tests-streams ()
  "an answer streams into the chat, and the next question can be written meanwhile"
  (patchbay-tests-with
    (patchbay)
    (patchbay-tests-ask "!wait")
    (patchbay-tests-wait (string-match-p "waiting" (patchbay-tests-text)))
    (insert "the next")
    (patchbay-tests-get "/release")
    (patchbay-tests-wait (not patchbay-chat--request))
    (should (equal (patchbay-tests-text)
                   (concat "▌ You\n!wait\n\n▌ loop/looped\nwaiting released\n\n"
                           "▌ You\nthe next")))
    (should (string-match-p "7 → [0-9]+ tokens · \\$0\\.0" (patchbay-tests-note)))
    (should (= (point) (point-max)))))

(ert-deftest patchbay-tests-read-only ()
  "what was said cannot be changed by accident, and undo leaves it alone"
  (patchbay-tests-with
    (patchbay)
    (patchbay-tests-answer "one")
    (goto-char (point-min))
    (search-forward "Hello")
    (should-error (insert "x") :type 'text-read-only)
    (goto-char (point-max))
    (insert "typed")
    (undo-boundary)
    (ignore-errors (primitive-undo 5 buffer-undo-list))
    (should (string-suffix-p "▌ loop/looped\nHello from the loop.\n\n▌ You\n"
                             (patchbay-tests-text)))))

(ert-deftest patchbay-tests-reasoning ()
  "reasoning is dimmed and folded, and C-c C-r shows it"
  (patchbay-tests-with
    (patchbay)
    (patchbay-tests-answer "!think")
    (should (string-match-p "┊ reasoning\nLet me see\\.\nSeen\\." (patchbay-tests-text)))
    (goto-char (point-min))
    (search-forward "Let me")
    (should (invisible-p (point)))
    (should (eq (get-text-property (point) 'face) 'patchbay-reasoning))
    (patchbay-chat-toggle-reasoning)
    (should-not (invisible-p (point)))
    (search-forward "Seen")
    (should-not (get-text-property (1- (point)) 'invisible))))

(ert-deftest patchbay-tests-resumes ()
  "a session is resumed after everything was closed, and its thread goes on"
  (patchbay-tests-with
    (patchbay)
    (patchbay-tests-answer "!say first\\nanswer")
    (let ((text (patchbay-tests-text)) (patchbay-tests-port patchbay-tests-port))
      (patchbay-tests-forget)
      (patchbay-tests-choosing (car patchbay-tests-offered)
        (call-interactively #'patchbay-resume)
        (patchbay-tests-wait-chat))
      (should (equal (buffer-name) "*patchbay: !say first\\nanswer*"))
      (should (equal (patchbay-tests-text) text)))
    (patchbay-tests-answer "second")
    (should (equal (patchbay-tests-contents (car (last (patchbay-tests-bodies))))
                   '("!say first\\nanswer" "first\nanswer" "second")))))

(ert-deftest patchbay-tests-named ()
  "a new name begins a session, and finds it again"
  (patchbay-tests-with
    (patchbay-resume "trip")
    (patchbay-tests-wait-chat)
    (patchbay-tests-answer "hello")
    (let ((chat (current-buffer)))
      (with-temp-buffer
        (patchbay-resume "trip")
        (should (eq (window-buffer) chat))))
    (patchbay-tests-forget)
    (patchbay-resume "trip")
    (patchbay-tests-wait-chat)
    (should (string-match-p "Hello from the loop" (patchbay-tests-text)))))

(ert-deftest patchbay-tests-same-words ()
  "a name that is taken does not stop a new session"
  (patchbay-tests-with
    (patchbay)
    (patchbay-tests-answer "same")
    (patchbay-new)
    (patchbay-tests-answer "same")
    (should (string-match-p "\\`same ([0-9]\\{4\\}-" patchbay-chat--name))))

(ert-deftest patchbay-tests-switches ()
  "another provider answers in a thread of its own, chosen by completing-read"
  (patchbay-tests-with
    (patchbay)
    (patchbay-tests-answer "one")
    (patchbay-tests-choosing "echo"
      (patchbay-provider)
      (patchbay-tests-wait (equal (patchbay-chat--model) "echo/echo")))
    (should (member "loop" patchbay-tests-offered))
    (should (string-match-p "→ echo/echo"
                            (overlay-get patchbay-chat--prompt-note 'after-string)))
    (patchbay-tests-answer "say this")
    (patchbay-tests-choosing "loop/looped"
      (patchbay-model)
      (patchbay-tests-wait (equal (patchbay-chat--model) "loop/looped")))
    (should (member "echo/think" patchbay-tests-offered))
    (patchbay-tests-answer "three")
    (should (string-match-p "▌ echo/echo\nsay this\n" (patchbay-tests-text)))
    (should (equal (patchbay-tests-contents (car (last (patchbay-tests-bodies))))
                   '("one" "Hello from the loop." "three")))))

(ert-deftest patchbay-tests-failure ()
  "a failure and its hint are shown in the chat, and the question can be sent again"
  (patchbay-tests-with
    (patchbay)
    (patchbay-tests-answer "!fail 401")
    (should (string-match-p "^✗ .+\n→ [A-Z].*\\.$" (patchbay-tests-text)))
    (should (equal (patchbay-chat-question) "!fail 401"))))

(ert-deftest patchbay-tests-cancels ()
  "C-c C-k and C-g stop the request upstream; the chat can be used at once"
  (patchbay-tests-with
    (patchbay)
    (cl-loop for end in (list #'patchbay-chat-cancel
                              (lambda ()
                                (should (eq (key-binding (kbd "C-g")) 'patchbay-chat-quit))
                                (condition-case nil (patchbay-chat-quit) (quit nil))))
             for number from 1
             do (patchbay-tests-ask "!wait")
             (patchbay-tests-wait (string-match-p "waiting" (patchbay-tests-text)))
             (funcall end)
             (patchbay-tests-wait (not patchbay-chat--request))
             (should (equal (plist-get (patchbay-tests-get (format "/ended/%d" number)) :ended)
                            "disconnected"))
             (should (equal (patchbay-tests-note) " cancelled"))
             (patchbay-new))
    (patchbay-tests-answer "again")
    (should (string-match-p "Hello from the loop" (patchbay-tests-text)))))

(ert-deftest patchbay-tests-killing ()
  "killing the buffer of a chat ends its answer"
  (patchbay-tests-with
    (patchbay)
    (patchbay-tests-ask "!wait")
    (patchbay-tests-wait (string-match-p "waiting" (patchbay-tests-text)))
    (kill-buffer)
    (should (equal (plist-get (patchbay-tests-get "/ended/1") :ended) "disconnected"))))

(ert-deftest patchbay-tests-many ()
  "5,000 deltas arrive whole"
  (patchbay-tests-with
    (patchbay)
    (patchbay-tests-answer "!count 5000")
    (should (string-search (mapconcat #'number-to-string (number-sequence 1 5000) " ")
                           (patchbay-tests-text)))))

(ert-deftest patchbay-tests-broken-bytes ()
  "bytes that are no characters are sent as U+FFFD"
  (patchbay-tests-with
    (patchbay)
    (patchbay-tests-answer (concat "a" (string (unibyte-char-to-multibyte 255)) "bü"))
    (should (equal (patchbay-tests-contents (car (patchbay-tests-bodies))) '("a\ufffdbü")))))

(ert-deftest patchbay-tests-restarts ()
  "after a crash the chat says so, and the next question starts patchbay again"
  (patchbay-tests-with
    (let ((patchbay-default-model "echo/think"))
      (patchbay)
      (patchbay-tests-answer "first")
      (patchbay-tests-choosing "loop/looped"
        (patchbay-model)
        (patchbay-tests-wait (equal (patchbay-chat--model) "loop/looped")))
      (patchbay-tests-ask "!wait")
      (patchbay-tests-wait (string-match-p "waiting" (patchbay-tests-text)))
      (signal-process patchbay-rpc--process 'SIGKILL)
      (patchbay-tests-wait (not patchbay-chat--request))
      (should (string-match-p "✗ patchbay ended unexpectedly (signal 9)" (patchbay-tests-text)))
      (patchbay-new)
      (patchbay-tests-answer "back")
      (should (string-match-p "▌ echo/think\n┊ reasoning" (patchbay-tests-text))))))

(ert-deftest patchbay-tests-missing ()
  "a program that is not there is told of in the chat, with what to do"
  (patchbay-tests-with
    (let ((patchbay-command '("/nowhere/patchbay")))
      (patchbay)
      (patchbay-tests-answer "hello")
      (should (string-match-p "✗ cannot start /nowhere/patchbay: .*\n→ Put patchbay into"
                              (patchbay-tests-text))))))

(provide 'patchbay-tests)
;;; patchbay-tests.el ends here
