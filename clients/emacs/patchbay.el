;;; patchbay.el --- Talk to every AI provider  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: Apache-2.0

;; Author: The patchbay authors
;; Version: 0.1.0
;; Package-Requires: ((emacs "28.1"))
;; Keywords: tools, convenience

;;; Commentary:

;; patchbay is one small program that talks to every AI provider.  This package
;; is its client in Emacs:
;;
;; - `patchbay' chats in a buffer; `patchbay-resume' goes on with a session
;;   that was kept, `patchbay-new' begins another;
;; - `patchbay-rewrite' has the region rewritten, and shows a diff to accept;
;; - `patchbay-suggest' and `patchbay-inline-mode' show suggestions at point,
;;   `patchbay-completion-at-point' offers them as completions;
;; - `patchbay-provider' and `patchbay-model' choose who answers;
;; - `patchbay-login' logs in;
;; - `patchbay-mode-line-mode' shows who answers, what it has cost and what is
;;   being written.

;;; Code:

(require 'patchbay-chat)
(require 'patchbay-edit)
(require 'patchbay-inline)
(require 'patchbay-login)
(require 'patchbay-rpc)
(require 'patchbay-session)

(defun patchbay-mode-line ()
  "Return who answers here, the cost so far, and how many answers are written."
  (let ((model (patchbay-model-name (or patchbay-chat--choice (patchbay-default-choice))))
        (running (patchbay-running)))
    (string-join (delq nil (list model
                                 (and (> patchbay-cost 0) (patchbay-money patchbay-cost))
                                 (pcase running
                                   (0 nil)
                                   (1 "…")
                                   (_ (format "…×%d" running)))))
                 " ")))

(defconst patchbay-mode-line--construct '(" " (:eval (patchbay-mode-line)))
  "What the mode line shows of patchbay.")
(put 'patchbay-mode-line--construct 'risky-local-variable t)

;;;###autoload
(define-minor-mode patchbay-mode-line-mode
  "Show in the mode line who answers, what it has cost, what is being written."
  :global t
  :group 'patchbay
  (setq global-mode-string
        (delq 'patchbay-mode-line--construct (or global-mode-string '(""))))
  (when patchbay-mode-line-mode
    (setq global-mode-string
          (append global-mode-string '(patchbay-mode-line--construct)))))

(provide 'patchbay)
;;; patchbay.el ends here
