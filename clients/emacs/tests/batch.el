;;; batch.el --- Runs tests, printing a line for each  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: Apache-2.0

;;; Commentary:

;; emacs -Q --batch -L .. -L . -l batch -f patchbay-batch-run [NAME]...

;;; Code:

(require 'ert)
(require 'patchbay-tests)
(require 'patchbay-more-tests)

(defun patchbay-batch--print (kind text)
  "Print TEXT as a line of KIND."
  (princ (format "%s\t%s\n" kind (replace-regexp-in-string "[\t\n]+" " " text))))

(defun patchbay-batch--ended (test result)
  "Print what came of TEST: RESULT."
  (let ((name (ert-test-documentation test)))
    (cond ((ert-test-skipped-p result) (patchbay-batch--print "skipped" name))
          ((ert-test-passed-p result) (patchbay-batch--print "ok" name))
          (t (patchbay-batch--print "failed" name)
             (let ((text (format "%S\n%s" (ert-test-result-with-condition-condition result)
                                 (ert-test-result-messages result))))
               (dolist (line (split-string text "\n" t))
                 (patchbay-batch--print "detail" line)))))))

(defun patchbay-batch-run ()
  "Run the tests whose names or descriptions have one of the arguments, or all."
  (let* ((names command-line-args-left)
         (selector (lambda (test)
                     (or (null names)
                         (cl-some (lambda (name)
                                    (string-search
                                     name (concat (symbol-name (ert-test-name test)) " "
                                                  (ert-test-documentation test))))
                                  names))))
         (stats (ert-run-tests `(satisfies ,selector)
                               (lambda (event &rest arguments)
                                 (when (eq event 'test-ended)
                                   (patchbay-batch--ended (nth 1 arguments)
                                                          (nth 2 arguments)))))))
    (kill-emacs (if (zerop (ert-stats-completed-unexpected stats)) 0 1))))

(provide 'batch)
;;; batch.el ends here
