;;; patchbay-chat.el --- Chats with patchbay  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: Apache-2.0

;;; Commentary:

;; A chat is a session of patchbay in a buffer.  The next question is written
;; below its last heading, also while an answer comes.

;;; Code:

(require 'subr-x)
(require 'patchbay-rpc)
(require 'patchbay-stream)

(defcustom patchbay-chat-system nil
  "What a model is told before everything else, in sessions begun from now on."
  :type '(choice (const :tag "Nothing" nil) string)
  :group 'patchbay)

(defcustom patchbay-chat-fold-reasoning t
  "Whether reasoning is folded away; \\[patchbay-chat-toggle-reasoning] shows it."
  :type 'boolean
  :group 'patchbay)

(defface patchbay-heading '((t :inherit bold :extend t))
  "Who speaks." :group 'patchbay)
(defface patchbay-reasoning '((t :inherit shadow))
  "Reasoning." :group 'patchbay)
(defface patchbay-note '((t :inherit shadow))
  "Who will answer, and what an answer took." :group 'patchbay)
(defface patchbay-problem '((t :inherit error))
  "What went wrong." :group 'patchbay)
(defface patchbay-hint '((t :inherit success))
  "What to do about it." :group 'patchbay)

(defvar patchbay-answered-hook nil
  "Run in the buffer of a chat when an answer has ended.")

(defvar-local patchbay-chat--session nil "The id of the session, once there is one.")
(defvar-local patchbay-chat--name nil "Its name, or the one it shall get.")
(defvar-local patchbay-chat--choice nil "Who answers in it, once that is known.")
(defvar-local patchbay-chat--request nil "The answer that is being written.")
(defvar-local patchbay-chat--stream nil "Its text.")
(defvar-local patchbay-chat--kind nil "What of it was written last, a symbol.")
(defvar-local patchbay-chat--label nil "The place of its label, an overlay.")
(defvar-local patchbay-chat--prompt nil "Where the next question begins, a marker.")
(defvar-local patchbay-chat--prompt-note nil "An overlay that says who will answer.")

(defvar patchbay-chat-mode-map
  (let ((map (make-sparse-keymap)))
    (define-key map (kbd "C-c C-c") #'patchbay-chat-send)
    (define-key map (kbd "C-c C-k") #'patchbay-chat-cancel)
    (define-key map (kbd "C-c C-r") #'patchbay-chat-toggle-reasoning)
    (define-key map [remap keyboard-quit] #'patchbay-chat-quit)
    map)
  "Keys in a chat.")

(define-derived-mode patchbay-chat-mode text-mode "Chat"
  "Chat with a model.
Write below the last heading; \\[patchbay-chat-send] sends it, \\[patchbay-chat-cancel] ends an
answer, and \\[patchbay-chat-toggle-reasoning] shows or hides reasoning."
  (setq-local scroll-conservatively 101)
  (visual-line-mode)
  (when patchbay-chat-fold-reasoning
    (add-to-invisibility-spec '(patchbay-reasoning . t)))
  (add-hook 'kill-buffer-hook #'patchbay-chat-cancel nil t))

(defun patchbay-chat--fixed (text &rest properties)
  "Return TEXT with PROPERTIES, such that it cannot be changed."
  (apply #'propertize text 'read-only t 'front-sticky t 'rear-nonsticky t properties))

(defun patchbay-chat--insert-heading (label)
  "Insert a heading for LABEL."
  (insert (patchbay-chat--fixed (concat "▌ " label) 'face 'patchbay-heading)
          (patchbay-chat--fixed "\n")))

(defun patchbay-chat--insert-prompt ()
  "Insert the heading of a prompt, which begins behind it."
  (patchbay-chat--insert-heading "You")
  (setq patchbay-chat--prompt (copy-marker (point)))
  (when patchbay-chat--prompt-note
    (delete-overlay patchbay-chat--prompt-note))
  (setq patchbay-chat--prompt-note (make-overlay (1- (point)) (1- (point))))
  (patchbay-chat--show-model))

(defun patchbay-chat--note (overlay text)
  "Show TEXT at OVERLAY, or nothing if it is nil."
  (overlay-put overlay 'after-string
               (and text (propertize (concat " " text) 'face 'patchbay-note 'cursor nil))))

(defun patchbay-chat--model ()
  "Return the name of who will answer, as far as that is known."
  (patchbay-model-name (or patchbay-chat--choice (patchbay-default-choice))))

(defun patchbay-chat--show-model ()
  "Show beside the prompt who will answer."
  (let ((model (patchbay-chat--model)))
    (patchbay-chat--note patchbay-chat--prompt-note (and model (concat "→ " model)))))

(defun patchbay-chat--buffer (name)
  "Return a new buffer for a chat, whose session has NAME or has none yet."
  (with-current-buffer (generate-new-buffer (format "*patchbay: %s*" (or name "chat")))
    (patchbay-chat-mode)
    (setq patchbay-chat--name name)
    (patchbay-stream-without-undo (patchbay-chat--insert-prompt))
    (current-buffer)))

(defun patchbay-chat-question ()
  "Return what stands in the prompt, without the white space around it."
  (string-trim (buffer-substring-no-properties patchbay-chat--prompt (point-max))))

(defun patchbay-chat--set-session (session)
  "Note that SESSION is the one of this chat."
  (setq patchbay-chat--session (patchbay-types-session-id session)
        patchbay-chat--name (patchbay-types-session-name session)
        patchbay-chat--choice (list :provider (patchbay-types-session-provider session)
                                    :model (patchbay-types-session-model session)))
  (rename-buffer (format "*patchbay: %s*" (or patchbay-chat--name patchbay-chat--session)) t)
  (patchbay-chat--show-model))

(defun patchbay-chat--here (function)
  "Return FUNCTION, made to be called in this buffer, or not if it is gone."
  (let ((buffer (current-buffer)))
    (lambda (&rest arguments)
      (when (buffer-live-p buffer)
        (with-current-buffer buffer
          (apply function arguments))))))

(defun patchbay-chat--with-session (question then)
  "Make the session, unless there is one, and call THEN.
The first QUESTION gives it its name; a name that is taken gets the
time added."
  (if patchbay-chat--session
      (funcall then)
    (let ((name (or patchbay-chat--name
                    (truncate-string-to-width
                     (replace-regexp-in-string "[[:cntrl:][:space:]]+" " " question) 50))))
      (cl-labels ((create (name or-else)
                    (patchbay-request
                     'createSession
                     `(:name ,name :cwd ,(expand-file-name default-directory)
                       ,@(and patchbay-chat-system `(:system ,patchbay-chat-system)))
                     (patchbay-chat--here
                      (lambda (session)
                        (patchbay-chat--set-session session)
                        (funcall then)))
                     (patchbay-chat--here
                      (lambda (failure)
                        (if (and or-else
                                 (equal (patchbay-types-error-data-path
                                         (patchbay-types-error-data failure))
                                        "name"))
                            (create or-else nil)
                          (patchbay-chat--ended question failure nil)))))))
        (create name (concat name (format-time-string " (%Y-%m-%d %H:%M:%S)")))))))

(defun patchbay-chat--begin-answer ()
  "Open a section for the answer, and a new prompt below it."
  (let ((old-prompt (marker-position patchbay-chat--prompt))
        place)
    (patchbay-stream-without-undo
      (goto-char (point-max))
      (skip-chars-backward " \t\n" old-prompt)
      (delete-region (point) (point-max))
      (add-text-properties old-prompt (point)
                           '(read-only t front-sticky t rear-nonsticky t))
      (insert (patchbay-chat--fixed "\n\n"))
      (patchbay-chat--insert-heading (or (patchbay-chat--model) "answer"))
      (setq patchbay-chat--label (make-overlay (1- (point)) (1- (point)))
            place (point))
      (insert (patchbay-chat--fixed "\n\n"))
      (patchbay-chat--insert-prompt)
      (goto-char place)
      (setq patchbay-chat--kind nil
            patchbay-chat--stream
            (patchbay-stream-at-point 'read-only t 'front-sticky t 'rear-nonsticky t))
      (goto-char (point-max)))
    (dolist (window (get-buffer-window-list nil nil t))
      (when (>= (window-point window) old-prompt)
        (set-window-point window (point-max))))))

(defun patchbay-chat--set-label ()
  "Say above the answer who gives it."
  (save-excursion
    (patchbay-stream-without-undo
      (goto-char (overlay-start patchbay-chat--label))
      (let ((end (point)))
        (forward-line 0)
        (forward-char 2)
        (insert-and-inherit (patchbay-chat--model))
        (delete-region (point) (+ end (length (patchbay-chat--model))))))))

(defun patchbay-chat--write (kind text)
  "Add TEXT to the answer; KIND is `text', `reasoning', `problem' or `hint'."
  (let ((properties (pcase kind
                      ('reasoning '(face patchbay-reasoning invisible patchbay-reasoning))
                      ('problem '(face patchbay-problem))
                      ('hint '(face patchbay-hint)))))
    ;; Each kind begins on a line of its own.
    (unless (eq kind patchbay-chat--kind)
      (when patchbay-chat--kind
        (patchbay-stream-write patchbay-chat--stream "\n"))
      (setq patchbay-chat--kind kind)
      (when (eq kind 'reasoning)
        (patchbay-stream-write patchbay-chat--stream "┊ reasoning" 'face 'patchbay-reasoning)
        (setq text (concat "\n" text))))
    (apply #'patchbay-stream-write patchbay-chat--stream text properties)))

(defun patchbay-chat--delta (delta)
  "Take in DELTA, a Delta of the protocol."
  (pcase (patchbay-types-text-delta-type delta)
    ("text" (patchbay-chat--write 'text (patchbay-types-text-delta-text delta)))
    ("reasoning" (patchbay-chat--write 'reasoning (patchbay-types-reasoning-delta-text delta)))
    ("reset" (patchbay-stream-clear patchbay-chat--stream)
     (setq patchbay-chat--kind nil))
    ("status" (patchbay-chat--note patchbay-chat--label
                                   (patchbay-types-status-delta-message delta)))
    ((or "retry" "fallback")
     (patchbay-chat--note patchbay-chat--label
                          (patchbay-types-error-message (patchbay-types-retry-delta-error delta))))))

(defun patchbay-money (amount)
  "Return AMOUNT, in USD, with the digits that matter."
  (format (if (>= amount 1) "$%.2f" "$%.4f") amount))

(defun patchbay-chat--summary (result)
  "Return what is worth knowing of RESULT beside its text."
  (let ((usage (patchbay-types-complete-result-usage result))
        (cost (patchbay-types-complete-result-cost result))
        (reason (patchbay-types-complete-result-stop-reason result))
        (timing (patchbay-types-complete-result-timing result)))
    (string-join
     `(,(format "%d → %d tokens" (patchbay-types-usage-input usage)
                (patchbay-types-usage-output usage))
       ,@(and cost (list (patchbay-money (patchbay-types-cost-total cost))))
       ,(format "%.1f s" (/ (patchbay-types-complete-result-timing-total-ms timing) 1000.0))
       ,@(unless (equal reason "end") (list (concat "ended by: " reason)))
       ,@(mapcar (lambda (item)
                   (format "left out: %s (%s)"
                           (patchbay-types-dropped-item-what item)
                           (patchbay-types-dropped-item-why item)))
                 (patchbay-types-complete-result-dropped result))
       ,@(append (patchbay-types-complete-result-warnings result) nil))
     " · ")))

(defun patchbay-chat--ended (question failure result)
  "Note that the answer to QUESTION ended, with FAILURE or RESULT."
  (setq patchbay-chat--request nil)
  (let ((cancelled (and failure (patchbay-cancelled-p failure))))
    (cond (cancelled (patchbay-chat--note patchbay-chat--label "cancelled"))
          (failure
           (patchbay-chat--note patchbay-chat--label nil)
           (patchbay-chat--write 'problem (concat "✗ " (patchbay-types-error-message failure)))
           (when (patchbay-failure-hint failure)
             (patchbay-chat--write 'hint (concat "→ " (patchbay-failure-hint failure)))))
          (t
           (patchbay-chat--note patchbay-chat--label (patchbay-chat--summary result))
           (patchbay-rpc--add-cost (patchbay-types-complete-result-cost result))))
    (patchbay-stream-flush patchbay-chat--stream)
    ;; A failed question is no part of the session: it can be sent again.
    (when (and failure (not cancelled) (string-empty-p (patchbay-chat-question)))
      (save-excursion
        (goto-char (point-max))
        (insert question))))
  (patchbay-chat--show-model)
  (run-hooks 'patchbay-answered-hook))

(defun patchbay-chat-send ()
  "Send what stands in the prompt."
  (interactive nil patchbay-chat-mode)
  (let ((question (patchbay-chat-question)))
    (cond (patchbay-chat--request
           (user-error "An answer is still being written; \
\\<patchbay-chat-mode-map>\\[patchbay-chat-cancel] ends it"))
          ((string-empty-p question) (user-error "Write a question first")))
    (patchbay-chat--begin-answer)
    (patchbay-chat--note patchbay-chat--label "…")
    (setq patchbay-chat--request 'beginning)
    (patchbay-chat--with-session
     question
     (lambda ()
       (if (eq patchbay-chat--request 'cancelled)
           (patchbay-chat--ended question (patchbay-failure "cancelled" "cancelled") nil)
         (patchbay-chat--set-label)
         (setq patchbay-chat--request
               (patchbay-request
                'complete (list :session patchbay-chat--session :input question)
                (patchbay-chat--here
                 (lambda (result) (patchbay-chat--ended question nil result)))
                (patchbay-chat--here
                 (lambda (failure) (patchbay-chat--ended question failure nil)))
                (patchbay-chat--here #'patchbay-chat--delta))))))))

(defun patchbay-chat-cancel ()
  "End the answer that is being written, if there is one."
  (interactive nil patchbay-chat-mode)
  (cond ((patchbay-request-p patchbay-chat--request)
         (patchbay-cancel-request patchbay-chat--request))
        ;; Until the session is there.
        (patchbay-chat--request (setq patchbay-chat--request 'cancelled))))

(defun patchbay-chat-quit ()
  "End the answer that is being written, and quit what is going on."
  (interactive nil patchbay-chat-mode)
  (patchbay-chat-cancel)
  (keyboard-quit))

(defun patchbay-chat-toggle-reasoning ()
  "Show or hide reasoning."
  (interactive nil patchbay-chat-mode)
  (if (member '(patchbay-reasoning . t) buffer-invisibility-spec)
      (remove-from-invisibility-spec '(patchbay-reasoning . t))
    (add-to-invisibility-spec '(patchbay-reasoning . t)))
  (force-window-update (current-buffer)))

(provide 'patchbay-chat)
;;; patchbay-chat.el ends here
