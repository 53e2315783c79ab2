;;; patchbay-edit.el --- Having a region rewritten  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: Apache-2.0

;;; Commentary:

;; The model's version of a region is shown as a diff, and takes the region's
;; place when it is accepted.

;;; Code:

(require 'diff)
(require 'patchbay-rpc)
(require 'patchbay-stream)

(defconst patchbay-edit--system "\
You rewrite a piece of a file as you are told.  Reply with what is to stand in
its place, whole, and with nothing else: no explanation, no code fence.  Keep
the indentation, style and language of the piece unless told otherwise."
  "What a model is told of its task.")

(defvar-local patchbay-edit--start nil "Where the region begins, a marker.")
(defvar-local patchbay-edit--end nil "Where it ends.")
(defvar-local patchbay-edit--old nil "The text of the region when it was sent.")
(defvar-local patchbay-edit--new nil "The proposal, once it is complete.")
(defvar-local patchbay-edit--request nil "What asks for it.")

(defvar patchbay-edit-mode-map
  (let ((map (make-sparse-keymap)))
    (define-key map (kbd "C-c C-c") #'patchbay-edit-accept)
    (define-key map (kbd "C-c C-k") #'patchbay-edit-reject)
    (define-key map [remap keyboard-quit] #'patchbay-edit-reject)
    map)
  "Keys where a proposal is shown.")

(define-minor-mode patchbay-edit-mode
  "Show a proposal for a region.
\\<patchbay-edit-mode-map>\\[patchbay-edit-accept] accepts it, \
\\[patchbay-edit-reject] rejects it."
  :lighter " Proposal"
  :interactive nil
  (setq buffer-read-only t)
  (add-hook 'kill-buffer-hook #'patchbay-edit--cancel nil t))

(defun patchbay-edit--cancel ()
  "End the request for this proposal."
  (patchbay-cancel-request patchbay-edit--request))

(defun patchbay-edit-accept ()
  "Put the proposal in the place of the region."
  (interactive nil patchbay-edit-mode)
  (let ((start patchbay-edit--start) (end patchbay-edit--end)
        (old patchbay-edit--old) (new patchbay-edit--new)
        (proposal (current-buffer)))
    (cond ((null new) (user-error "There is no proposal yet"))
          ((not (buffer-live-p (marker-buffer start))) (user-error "The buffer is gone")))
    (with-current-buffer (marker-buffer start)
      (unless (equal (buffer-substring-no-properties start end) old)
        (user-error "The text has changed meanwhile; nothing was replaced"))
      (save-excursion
        (goto-char start)
        (delete-region start end)
        (insert new)))
    (quit-windows-on proposal t)))

(defun patchbay-edit-reject ()
  "Forget the proposal; end it when it is still being written."
  (interactive nil patchbay-edit-mode)
  (quit-windows-on (current-buffer) t))

(defun patchbay-edit--answer (message)
  "Return the text of MESSAGE without the code fence that it may stand in."
  (let ((text (mapconcat (lambda (part)
                           (if (equal (patchbay-types-text-part-type part) "text")
                               (patchbay-types-text-part-text part)
                             ""))
                         (patchbay-types-message-content message) "")))
    (if (string-match "\\`[ \t\n]*```[^\n]*\n\\(\\(?:.\\|\n\\)*?\\)\n?```[ \t\n]*\\'" text)
        (match-string 1 text)
      text)))

(defun patchbay-edit--fit (new old)
  "Return NEW with a line break at its end just when OLD has one."
  (concat (string-trim-right new "\n+") (and (string-suffix-p "\n" old) "\n")))

(defun patchbay-edit--show-diff ()
  "Show the proposal as a diff."
  (let* ((whole (lambda (text) (if (string-suffix-p "\n" text) text (concat text "\n"))))
         (old (funcall whole patchbay-edit--old)) (new (funcall whole patchbay-edit--new))
         (diff (with-temp-buffer
                 (let ((before (current-buffer)))
                   (insert old)
                   (with-temp-buffer
                     (insert new)
                     (with-current-buffer
                         (diff-no-select before (current-buffer)
                                         "-u" 'no-async
                                         (get-buffer-create " *patchbay diff*"))
                       (prog1 (buffer-substring-no-properties
                               (progn (goto-char (point-min)) (forward-line 1) (point))
                               (progn (goto-char (point-max))
                                      (if (re-search-backward "^\nDiff finished" nil t)
                                          (point)
                                        (point-max))))
                         (kill-buffer))))))))
    (let ((inhibit-read-only t)
          (state (list patchbay-edit--start patchbay-edit--end
                       patchbay-edit--old patchbay-edit--new)))
      (erase-buffer)
      ;; In place of the names of temporary files.
      (insert (replace-regexp-in-string "\\`--- .*\n[+][+][+] .*\n" "--- before\n+++ proposed\n"
                                        diff))
      (goto-char (point-min))
      (diff-mode)
      (pcase-setq `(,patchbay-edit--start ,patchbay-edit--end
                    ,patchbay-edit--old ,patchbay-edit--new)
                  state)
      (patchbay-edit-mode))
    (message "%s" (substitute-command-keys "\\<patchbay-edit-mode-map>\
\\[patchbay-edit-accept] accepts, \\[patchbay-edit-reject] rejects"))))

(defun patchbay-edit--question (text instruction)
  "Return how TEXT of this buffer and INSTRUCTION are put to a model."
  (format "File: %s\nMode: %s\n<piece>\n%s\n</piece>\n%s"
          (if buffer-file-name (file-name-nondirectory buffer-file-name) (buffer-name))
          major-mode (string-trim-right text "\n") instruction))

(defun patchbay-edit--buffer (start end)
  "Return a buffer for a proposal for the text from START to END."
  (let ((first (copy-marker start)) (last (copy-marker end t))
        (old (buffer-substring-no-properties start end)))
    (with-current-buffer (generate-new-buffer "*patchbay proposal*")
      (setq patchbay-edit--start first patchbay-edit--end last patchbay-edit--old old)
      (patchbay-edit-mode)
      (current-buffer))))

;;;###autoload
(defun patchbay-rewrite (start end instruction)
  "Have the text from START to END rewritten by INSTRUCTION.
Interactively, that is the region, or the line at point."
  (interactive
   (append (if (use-region-p)
               (list (region-beginning) (region-end))
             (list (line-beginning-position) (line-end-position)))
           (list (read-string "What shall change? "))))
  (barf-if-buffer-read-only)
  (let* ((question (patchbay-edit--question
                    (buffer-substring-no-properties start end) instruction))
         (proposal (patchbay-edit--buffer start end))
         (stream (with-current-buffer proposal (patchbay-stream-at-point)))
         (here (lambda (function)
                 (lambda (value)
                   (when (buffer-live-p proposal)
                     (with-current-buffer proposal
                       (setq patchbay-edit--request nil)
                       (patchbay-stream-flush stream)
                       (funcall function value)))))))
    (display-buffer proposal)
    (deactivate-mark)
    (let ((request
           (patchbay-request
            'complete (list :input question :system patchbay-edit--system)
            (funcall here
                     (lambda (result)
                       (patchbay-rpc--add-cost (patchbay-types-complete-result-cost result))
                       (setq patchbay-edit--new
                             (patchbay-edit--fit
                              (patchbay-edit--answer
                               (patchbay-types-complete-result-message result))
                              patchbay-edit--old))
                       (patchbay-rpc--later
                        (lambda ()
                          (when (buffer-live-p proposal)
                            (with-current-buffer proposal (patchbay-edit--show-diff)))))))
            (funcall here
                     (lambda (failure)
                       (let ((inhibit-read-only t))
                         (goto-char (point-max))
                         (insert (propertize (concat "✗ " (patchbay-describe-failure failure))
                                             'face 'error)))))
            (lambda (delta)
              (pcase (patchbay-types-text-delta-type delta)
                ("text" (patchbay-stream-write stream (patchbay-types-text-delta-text delta)))
                ("reset" (patchbay-stream-clear stream)))))))
      (with-current-buffer proposal
        (setq patchbay-edit--request request)))
    (when (get-buffer-window proposal)
      (select-window (get-buffer-window proposal)))))

(provide 'patchbay-edit)
;;; patchbay-edit.el ends here
