;;; patchbay-stream.el --- Text that grows in a buffer  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: Apache-2.0

;;; Commentary:

;; What arrives between two insertions is inserted at once, so that thousands
;; of deltas a second cost some fifty insertions; the first is made without
;; delay.

;;; Code:

(require 'cl-lib)

(cl-defstruct (patchbay-stream (:constructor patchbay-stream--make))
  "Text that grows."
  start end waiting timer (next 0.0) properties)

(defconst patchbay-stream--pause 0.02
  "The least time between two insertions, in seconds.")

(defconst patchbay-stream--share 4
  "How many times as long as showing an insertion the pause after it is.
What is long, and has no line breaks, takes Emacs long to show.")

(defun patchbay-stream-at-point (&rest properties)
  "Return a stream whose text grows at point, with PROPERTIES besides its own."
  (patchbay-stream--make :start (copy-marker (point))
                         :end (copy-marker (point) t)
                         :properties properties))

(defmacro patchbay-stream-without-undo (&rest body)
  "Change a buffer by BODY, outside of its undo history, and even if read-only.
What is in the history would no longer fit: it is forgotten."
  (declare (indent 0) (debug t))
  `(progn
     (let ((inhibit-read-only t)
           (buffer-undo-list t))
       ,@body)
     (unless (eq buffer-undo-list t)
       (setq buffer-undo-list nil))))

(defun patchbay-stream-write (stream text &rest properties)
  "Add TEXT with PROPERTIES at the end of STREAM."
  (push (cons text properties) (patchbay-stream-waiting stream))
  (unless (patchbay-stream-timer stream)
    (setf (patchbay-stream-timer stream)
          (run-at-time (max 0 (- (patchbay-stream-next stream) (float-time))) nil
                       #'patchbay-stream--show stream))))

(defun patchbay-stream--texts (stream)
  "Return what of STREAM is waiting, as few texts with their properties.
Each text with properties of its own makes a buffer slower for good."
  (let (texts)
    ;; What came last is first.
    (while (patchbay-stream-waiting stream)
      (let ((properties (cdar (patchbay-stream-waiting stream)))
            parts)
        (while (and (patchbay-stream-waiting stream)
                    (equal (cdar (patchbay-stream-waiting stream)) properties))
          (push (car (pop (patchbay-stream-waiting stream))) parts))
        (push (apply #'propertize (apply #'concat parts)
                     (append properties (patchbay-stream-properties stream)))
              texts)))
    texts))

(defun patchbay-stream--show (stream)
  "Insert what of STREAM is waiting, and see how much work it is to show it."
  (let ((start (get-internal-run-time)))
    (patchbay-stream-flush stream)
    (when (get-buffer-window (marker-buffer (patchbay-stream-end stream)) t)
      (redisplay))
    (let ((work (float-time (time-subtract (get-internal-run-time) start))))
      (setf (patchbay-stream-next stream)
            (+ (float-time)
               (max patchbay-stream--pause (* patchbay-stream--share work)))))))

(defun patchbay-stream-flush (stream)
  "Insert what of STREAM is waiting."
  (when (patchbay-stream-timer stream)
    (cancel-timer (patchbay-stream-timer stream))
    (setf (patchbay-stream-timer stream) nil))
  (let ((buffer (marker-buffer (patchbay-stream-end stream)))
        (texts (patchbay-stream--texts stream)))
    (when (and texts (buffer-live-p buffer))
      (with-current-buffer buffer
        (save-excursion
          (goto-char (patchbay-stream-end stream))
          (patchbay-stream-without-undo
            (apply #'insert texts)))))))

(defun patchbay-stream-clear (stream)
  "Take back all text of STREAM."
  (setf (patchbay-stream-waiting stream) nil)
  (when (buffer-live-p (marker-buffer (patchbay-stream-end stream)))
    (with-current-buffer (marker-buffer (patchbay-stream-end stream))
      (patchbay-stream-without-undo
        (delete-region (patchbay-stream-start stream) (patchbay-stream-end stream))))))

(provide 'patchbay-stream)
;;; patchbay-stream.el ends here
