;;; patchbay-inline.el --- Suggestions at point  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: Apache-2.0

;;; Commentary:

;; A suggestion is shown as text that is not there, or offered to
;; `completion-at-point'.  At most one request is on its way; typing ends it.

;;; Code:

(require 'patchbay-rpc)

(defcustom patchbay-inline-delay 0.3
  "How long typing has to pause before a suggestion is asked for, in seconds."
  :type 'number
  :group 'patchbay)

(defcustom patchbay-inline-model nil
  "What completes, as \"provider/model\", if not what answers in chats."
  :type '(choice (const :tag "What answers in chats" nil) string)
  :group 'patchbay)

(defcustom patchbay-inline-before 6000
  "How many characters before point are sent."
  :type 'natnum
  :group 'patchbay)

(defcustom patchbay-inline-after 2000
  "How many characters after point are sent."
  :type 'natnum
  :group 'patchbay)

(defface patchbay-suggestion '((t :inherit shadow :slant italic))
  "A suggestion at point." :group 'patchbay)

(defvar patchbay-suggested-hook nil
  "Run in its buffer when a suggestion is shown.")

(defvar patchbay-inline-mode)
(defvar patchbay-inline--request nil "The request on its way.")
(defvar patchbay-inline--timer nil "What asks for a suggestion after a pause.")
(defvar-local patchbay-inline--overlay nil "What shows a suggestion, while one is shown.")
(defvar-local patchbay-inline--tick nil "The state of the buffer when it was looked at last.")

(defvar patchbay-inline-shown-mode-map
  (let ((map (make-sparse-keymap)))
    (define-key map (kbd "TAB") #'patchbay-accept-suggestion)
    (define-key map (kbd "<tab>") #'patchbay-accept-suggestion)
    (define-key map [remap keyboard-quit] #'patchbay-dismiss-suggestion)
    map)
  "Keys while a suggestion is shown.")

(define-minor-mode patchbay-inline-shown-mode
  "On while a suggestion is shown.
\\<patchbay-inline-shown-mode-map>\\[patchbay-accept-suggestion] takes it; \
any other key that moves point takes it away."
  :interactive nil)

(defun patchbay-inline--state ()
  "Return what must be as it was for an answer to be of use."
  (list (current-buffer) (point) (buffer-chars-modified-tick)))

(defun patchbay-inline--forget ()
  "End the request on its way, and what would start the next."
  (when patchbay-inline--timer
    (cancel-timer patchbay-inline--timer)
    (setq patchbay-inline--timer nil))
  (when patchbay-inline--request
    (let ((stale patchbay-inline--request))
      (setq patchbay-inline--request nil)
      (patchbay-cancel-request stale))))

(defun patchbay-dismiss-suggestion ()
  "Take away the suggestion at point, or end the request for one."
  (interactive)
  (patchbay-inline--forget)
  (when patchbay-inline--overlay
    (delete-overlay patchbay-inline--overlay)
    (setq patchbay-inline--overlay nil)
    (patchbay-inline-shown-mode -1)))

(defun patchbay-inline--show (text)
  "Show TEXT at point as a suggestion."
  (patchbay-dismiss-suggestion)
  (setq patchbay-inline--overlay (make-overlay (point) (point)))
  (let ((shown (propertize text 'face 'patchbay-suggestion)))
    ;; The cursor stays before the text that is not there.
    (put-text-property 0 1 'cursor t shown)
    (overlay-put patchbay-inline--overlay 'after-string shown))
  (overlay-put patchbay-inline--overlay 'patchbay-text text)
  (patchbay-inline-shown-mode)
  (setq patchbay-inline--tick (patchbay-inline--state))
  (add-hook 'post-command-hook #'patchbay-inline--changed nil t)
  (run-hooks 'patchbay-suggested-hook))

(defun patchbay-inline--shown ()
  "Return the text of the suggestion at point, or nil."
  (and patchbay-inline--overlay
       (= (overlay-start patchbay-inline--overlay) (point))
       (overlay-get patchbay-inline--overlay 'patchbay-text)))

(defun patchbay-inline--params ()
  "Return the parameters of a request for a suggestion at point."
  (let ((first (max (point-min) (- (point) patchbay-inline-before)))
        (last (min (point-max) (+ (point) patchbay-inline-after))))
    `(:prefix ,(buffer-substring-no-properties first (point))
      :suffix ,(buffer-substring-no-properties (point) last)
      ,@(and buffer-file-name `(:path ,(file-name-nondirectory buffer-file-name)))
      :language ,(string-remove-suffix "-mode" (symbol-name major-mode))
      ,@(and patchbay-inline-model (patchbay-parse-model patchbay-inline-model)))))

(defun patchbay-inline--ask (then &optional failed)
  "Ask for a suggestion at point; call THEN with its text, or FAILED."
  (patchbay-inline--forget)
  (let (request)
    (setq request
          (patchbay-request
           'completeInline (patchbay-inline--params)
           (lambda (result)
             (when (eq request patchbay-inline--request)
               (setq patchbay-inline--request nil)
               (patchbay-rpc--add-cost (patchbay-types-complete-inline-result-cost result))
               (let ((items (patchbay-types-complete-inline-result-items result)))
                 (funcall then
                          (if (seq-empty-p items)
                              ""
                            (patchbay-types-complete-inline-result-items-item-text
                             (elt items 0)))))))
           (lambda (failure)
             (when (eq request patchbay-inline--request)
               (setq patchbay-inline--request nil)
               (when failed (funcall failed failure)))))
          patchbay-inline--request request)))

(defun patchbay-inline--suggest (&optional failed empty)
  "Show a suggestion at point when it comes.
FAILED is called with a failure, EMPTY when there is nothing to suggest."
  (let ((state (patchbay-inline--state)))
    (setq patchbay-inline--tick state)
    (patchbay-inline--ask
     (lambda (text)
       (let ((buffer (car state)))
         (when (buffer-live-p buffer)
           (with-current-buffer buffer
             (cond ((not (equal state (patchbay-inline--state))))
                   ((string-empty-p text) (when empty (funcall empty)))
                   (t (patchbay-inline--show text)))))))
     failed)))

;;;###autoload
(defun patchbay-suggest ()
  "Show a suggestion at point: text that can be taken."
  (interactive "*")
  (patchbay-dismiss-suggestion)
  (patchbay-inline--suggest #'patchbay-tell-failure
                            (lambda () (message "patchbay: nothing to suggest here"))))

(defun patchbay-accept-suggestion ()
  "Insert the suggestion at point."
  (interactive "*")
  (let ((text (patchbay-inline--shown)))
    (unless text (user-error "There is no suggestion"))
    (patchbay-dismiss-suggestion)
    (insert text)))

(defun patchbay-inline--pause ()
  "Ask for a suggestion after a pause."
  (let ((buffer (current-buffer)))
    (setq patchbay-inline--timer
          (run-with-timer patchbay-inline-delay nil
                          (lambda ()
                            (setq patchbay-inline--timer nil)
                            (when (eq buffer (window-buffer))
                              (with-current-buffer buffer (patchbay-inline--suggest))))))))

(defun patchbay-inline--changed ()
  "Take away what no longer fits, and think of the next suggestion."
  (let ((state (patchbay-inline--state)) (last patchbay-inline--tick))
    (unless (equal state last)
      (setq patchbay-inline--tick state)
      (patchbay-dismiss-suggestion)
      (when (and patchbay-inline-mode (not buffer-read-only) last
                 (not (eql (nth 2 state) (nth 2 last))))
        (patchbay-inline--pause)))))

;;;###autoload
(define-minor-mode patchbay-inline-mode
  "Suggest while typing.  Each suggestion costs a request."
  :lighter " Suggest"
  (cond (patchbay-inline-mode
         (setq patchbay-inline--tick (patchbay-inline--state))
         (add-hook 'post-command-hook #'patchbay-inline--changed nil t))
        (t
         (patchbay-dismiss-suggestion)
         (remove-hook 'post-command-hook #'patchbay-inline--changed t))))

;;;###autoload
(defun patchbay-completion-at-point ()
  "Offer a suggestion as a completion; for `completion-at-point-functions'.
One that is shown is offered at once; else one is asked for, which any
key ends."
  (let ((text (or (patchbay-inline--shown) (patchbay-inline--wait))))
    (patchbay-dismiss-suggestion)
    (unless (string-empty-p (or text ""))
      (list (point) (point) (list text) :exclusive 'no))))

(defun patchbay-inline--wait ()
  "Return a suggestion for point, or nil if a key is pressed before it comes."
  (let (text done)
    (patchbay-inline--ask (lambda (answer) (setq text answer done t))
                          (lambda (_) (setq done t)))
    (while-no-input
      (while (not done)
        (accept-process-output patchbay-rpc--process)))
    (patchbay-inline--forget)
    text))

(provide 'patchbay-inline)
;;; patchbay-inline.el ends here
