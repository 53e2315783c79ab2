;;; speed.el --- Measures the client in a frame  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: Apache-2.0

;;; Commentary:

;; `speed-measure' asks a question in the current chat, and writes to a file
;; how long each stamp took from the upstream to the buffer, and how long a
;; timer of 10 ms was kept waiting, in milliseconds: by the clock, and of that the
;; time in which Emacs itself was at work, which is what a busy machine leaves
;; of the figure.

;;; Code:

(require 'patchbay)

(defvar speed-delays nil "Milliseconds from the upstream to the buffer.")
(defvar speed-gaps nil "Milliseconds that the timer came late.")
(defvar speed-works nil "Milliseconds that Emacs worked between two of its calls.")
(defvar speed-last nil "When the timer came last.")
(defvar speed-worked nil "How long Emacs had worked by then.")

(defun speed-work ()
  "Return how long Emacs has worked, in seconds."
  (float-time (get-internal-run-time)))

(defun speed-look (start end _length)
  "Note the stamps from START to END."
  (let ((now (float-time)))
    (save-excursion
      (goto-char start)
      (while (re-search-forward "@[0-9]+,\\([0-9]+\\) " end t)
        (push (* 1000 (- now (/ (string-to-number (match-string 1)) 1e9))) speed-delays)))))

(defun speed-tick ()
  "Note how late the timer is."
  (let ((now (float-time)) (work (speed-work)))
    (push (- (* 1000 (- now speed-last)) 10) speed-gaps)
    (push (* 1000 (- work speed-worked)) speed-works)
    (setq speed-last now speed-worked work)))

(defun speed-measure (question file count)
  "Ask QUESTION, and write the figures to FILE when it is answered.
That is the COUNT-th of such questions; the delays of all are kept."
  (setq speed-gaps nil speed-works nil
        speed-last (float-time) speed-worked (speed-work))
  (add-hook 'after-change-functions #'speed-look nil t)
  (let ((timer (run-at-time 0.01 0.01 #'speed-tick)))
    (add-hook 'patchbay-answered-hook
              (lambda ()
                (when timer
                  (cancel-timer timer)
                  (setq timer nil)
                  (with-temp-file file
                    (insert (json-serialize (list :delays (vconcat speed-delays)
                                                  :gaps (vconcat speed-gaps)
                                                  :works (vconcat speed-works)))))
                  (message "measured %d." count)))
              nil t)
    (goto-char (point-max))
    (insert question)
    (patchbay-chat-send)))

(provide 'speed)
;;; speed.el ends here
