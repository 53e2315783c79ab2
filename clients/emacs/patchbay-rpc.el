;;; patchbay-rpc.el --- The process of patchbay, and requests to it  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: Apache-2.0

;;; Commentary:

;; All buffers share one process.  It is started with the first request, and
;; again with the next one after a crash.

;;; Code:

(require 'cl-lib)
(require 'jsonrpc)
(require 'seq)
(require 'subr-x)
(require 'patchbay-types)

(defgroup patchbay nil
  "Talk to every AI provider through one program."
  :group 'tools
  :prefix "patchbay-")

(defcustom patchbay-command '("patchbay" "serve")
  "How the program is started: its name or path, and its arguments."
  :type '(repeat string))

(defcustom patchbay-default-model nil
  "What answers when nothing else was chosen: \"provider/model\" or \"provider\".
If nil, the program's own default does."
  :type '(choice (const :tag "The program's default" nil) string))

(defvar patchbay-changed-hook nil
  "Run when a request begins or ends, or when someone else answers.")

(defclass patchbay-rpc-connection (jsonrpc-process-connection)
  ((latest-id :initform nil :accessor patchbay-rpc--latest-id
              :documentation "The id of the request that was sent last."))
  :documentation "A connection that knows the ids of its requests.")

(cl-defstruct (patchbay-request (:constructor patchbay-rpc--make-request))
  "A request on its way."
  id method connection on-delta failed)

(defvar patchbay-rpc--connection nil "The connection, while there is one.")
(defvar patchbay-rpc--process nil "Its process.")
(defvar patchbay-rpc--requests (make-hash-table)
  "The requests that are not answered yet, by their ids.")
(defvar patchbay-rpc--handlers nil
  "An alist of the server's notifications and functions of their parameters.")
(defvar patchbay-info nil "The answer to `initialize'; nil until it is there.")
(defvar patchbay-choice nil
  "Who answers where no session is named, if that was chosen: a plist.
Its members are those of the protocol's ModelChoice.")
(defvar patchbay-cost 0.0 "USD since Emacs was started, where prices are known.")

(cl-defmethod jsonrpc-connection-send :before
  ((connection patchbay-rpc-connection) &key id method &allow-other-keys)
  "Remember ID as the latest of CONNECTION, if there is a METHOD: a request."
  (when method
    (setf (patchbay-rpc--latest-id connection) id)))

(defun patchbay-rpc--changed ()
  "Tell those who show the state that it has changed."
  (run-hooks 'patchbay-changed-hook)
  (force-mode-line-update t))

(defun patchbay-failure (kind message &optional hint)
  "Return a failure of KIND with a MESSAGE and a HINT, in the server's form."
  `(:message ,message :data (:kind ,kind ,@(and hint `(:hint ,hint)))))

(defun patchbay-failure-kind (failure)
  "Return the kind of FAILURE, a string."
  (patchbay-types-error-data-kind (patchbay-types-error-data failure)))

(defun patchbay-failure-hint (failure)
  "Return what can be done about FAILURE, or nil."
  (patchbay-types-error-data-hint (patchbay-types-error-data failure)))

(defun patchbay-describe-failure (failure)
  "Return FAILURE as a text: what happened, and what to do about it."
  (let ((hint (patchbay-failure-hint failure)))
    (concat (patchbay-types-error-message failure) (and hint (concat "\n" hint)))))

(defun patchbay-tell-failure (failure)
  "Show FAILURE in the echo area."
  (message "patchbay: %s" (patchbay-describe-failure failure)))

(defun patchbay-cancelled-p (failure)
  "Return whether FAILURE is only that of a cancelled request."
  (equal (patchbay-failure-kind failure) "cancelled"))

(defun patchbay-rpc--text (text)
  "Return TEXT with U+FFFD for every byte that is no character, for JSON."
  (replace-regexp-in-string "[\x3fff80-\x3fffff]" "\ufffd" text t t))

(defun patchbay-rpc--clean (value)
  "Return VALUE with all its texts fit for JSON."
  (cond ((stringp value) (patchbay-rpc--text value))
        ((consp value) (mapcar #'patchbay-rpc--clean value))
        (t value)))

(defun patchbay-rpc--notified (_connection method params)
  "Hand the notification METHOD with PARAMS to whom it is for."
  (if (eq method 'streamDelta)
      (let ((request (gethash (patchbay-types-stream-delta-params-request-id params)
                              patchbay-rpc--requests)))
        (when (and request (patchbay-request-on-delta request))
          (funcall (patchbay-request-on-delta request)
                   (patchbay-types-stream-delta-params-delta params))))
    (let ((handler (alist-get method patchbay-rpc--handlers)))
      (when handler
        (funcall handler params)))))

(defun patchbay-rpc--ended (connection)
  "Note that CONNECTION has ended: what was on its way fails."
  (let ((process patchbay-rpc--process))
    (when (eq connection patchbay-rpc--connection)
      (setq patchbay-rpc--connection nil patchbay-rpc--process nil patchbay-info nil)
      (let* ((how (format "%s %d" (if (eq (process-status process) 'signal) "signal" "status")
                          (process-exit-status process)))
             (text (format "patchbay ended unexpectedly (%s)" how))
             (failure (patchbay-failure "crashed" text
                                        "Try again: patchbay is started anew.")))
        (message "%s.  It is started again when it is needed." text)
        (dolist (request (hash-table-values patchbay-rpc--requests))
          (remhash (patchbay-request-id request) patchbay-rpc--requests)
          (funcall (patchbay-request-failed request) failure)))
      (patchbay-rpc--changed))))

(defun patchbay-rpc--connect ()
  "Make the connection, and start its process."
  (unless (executable-find (car patchbay-command))
    (signal 'file-missing (list "Searching for program" "No such file or directory"
                                (car patchbay-command))))
  (let ((make (lambda (&rest log)
                (apply #'make-instance 'patchbay-rpc-connection
                       :name "patchbay"
                       :process (lambda ()
                                  (setq patchbay-rpc--process
                                        (make-process
                                         :name "patchbay" :command patchbay-command
                                         :connection-type 'pipe :noquery t
                                         :coding 'utf-8-emacs-unix
                                         :stderr (get-buffer-create "*patchbay stderr*"))))
                       :notification-dispatcher #'patchbay-rpc--notified
                       :on-shutdown #'patchbay-rpc--ended
                       log))))
    ;; Keeping a log of everything costs more than everything else.  The
    ;; argument that says so has another name since Emacs 30.
    (condition-case nil
        (funcall make :events-buffer-config '(:size 0 :format full))
      (invalid-slot-name (funcall make :events-buffer-scrollback-size 0)))))

(defun patchbay-rpc--start ()
  "Start the process, if there is none.  Return a failure if that is impossible."
  (unless (and patchbay-rpc--connection (jsonrpc-running-p patchbay-rpc--connection))
    (condition-case problem
        (progn
          (setq patchbay-rpc--connection (patchbay-rpc--connect))
          (patchbay-rpc--send
           'initialize
           `(:processId ,(emacs-pid)
             :clientInfo (:name "emacs" :version ,emacs-version))
           (lambda (result) (setq patchbay-info result))
           #'patchbay-tell-failure)
          (let ((first (or patchbay-choice
                           (and patchbay-default-model
                                (patchbay-parse-model patchbay-default-model)))))
            (when first
              (patchbay-use first #'ignore #'patchbay-tell-failure)))
          nil)
      (file-error
       (setq patchbay-rpc--connection nil)
       (patchbay-failure
        "notStarted" (format "cannot start %s: %s" (car patchbay-command)
                             (error-message-string problem))
        "Put patchbay into your PATH or customize `patchbay-command'.")))))

(defun patchbay-rpc--send (method params succeeded failed &optional on-delta)
  "Send a request; see `patchbay-request' for its arguments.
METHOD, PARAMS, SUCCEEDED, FAILED and ON-DELTA are what is said there."
  (let* ((request (patchbay-rpc--make-request
                   :method method :connection patchbay-rpc--connection
                   :on-delta on-delta :failed failed))
         (forget (lambda ()
                   (prog1 (gethash (patchbay-request-id request) patchbay-rpc--requests)
                     (remhash (patchbay-request-id request) patchbay-rpc--requests)))))
    (jsonrpc-async-request
     patchbay-rpc--connection method
     (or (patchbay-rpc--clean params) (make-hash-table))
     :success-fn (lambda (result)
                   (when (funcall forget)
                     (funcall succeeded result)
                     (patchbay-rpc--changed)))
     :error-fn (lambda (failure)
                 ;; When the process died, `patchbay-rpc--ended' says so better.
                 (when (and (patchbay-types-error-data failure) (funcall forget))
                   (funcall failed failure)
                   (patchbay-rpc--changed)))
     :timeout nil)
    (setf (patchbay-request-id request)
          (patchbay-rpc--latest-id patchbay-rpc--connection))
    (puthash (patchbay-request-id request) request patchbay-rpc--requests)
    (patchbay-rpc--changed)
    request))

(defun patchbay-request (method params succeeded &optional failed on-delta)
  "Send the request METHOD, a symbol, with PARAMS, a plist.
One of the functions SUCCEEDED and FAILED is called in the end, with
the result or the failure; without FAILED a failure is shown in the
echo area.  ON-DELTA is called with each delta of a completion before
that.  They are called by the process filter, so they should leave what
takes time, or asks a person, to a timer.

Return what `patchbay-cancel-request' takes, or nil if the program
cannot be started."
  (let ((failed (or failed #'patchbay-tell-failure))
        (problem (patchbay-rpc--start)))
    (if problem
        (ignore (funcall failed problem))
      (patchbay-rpc--send method params succeeded failed on-delta))))

(defun patchbay-cancel-request (request)
  "End REQUEST, which then fails; nothing happens if it has ended."
  (when (and request (gethash (patchbay-request-id request) patchbay-rpc--requests))
    (jsonrpc-notify patchbay-rpc--connection '$/cancelRequest
                    (list :id (patchbay-request-id request)))))

(defun patchbay-rpc--completions ()
  "Return the requests for what is being written."
  (seq-filter (lambda (request)
                (memq (patchbay-request-method request) '(complete completeInline)))
              (hash-table-values patchbay-rpc--requests)))

(defun patchbay-cancel-all ()
  "End all answers that are being written."
  (interactive)
  (mapc #'patchbay-cancel-request (patchbay-rpc--completions)))

(defun patchbay-running ()
  "Return how many completions are being written."
  (length (patchbay-rpc--completions)))

(defun patchbay-parse-model (name)
  "Return the plist of NAME, which is \"provider/model\" or \"provider\"."
  (if (string-match "\\`\\([^/]+\\)/\\(.+\\)\\'" name)
      (list :provider (match-string 1 name) :model (match-string 2 name))
    (list :provider name)))

(defun patchbay-model-name (choice)
  "Return CHOICE, a ModelChoice or nil, as \"provider/model\"."
  (and choice
       (concat (patchbay-types-model-choice-provider choice) "/"
               (patchbay-types-model-choice-model choice))))

(defun patchbay-default-choice ()
  "Return who answers where no session is named, as far as that is known."
  (or patchbay-choice (patchbay-types-initialize-result-default patchbay-info)))

(defun patchbay-use (choice succeeded &optional failed)
  "Let CHOICE answer where no session is named.
Its model may be absent.  SUCCEEDED and FAILED are called in the end."
  (patchbay-request
   'switchProvider choice
   (lambda (result)
     (setq patchbay-choice
           (list :provider (patchbay-types-switch-provider-result-provider result)
                 :model (patchbay-types-switch-provider-result-model result)))
     (funcall succeeded result))
   failed))

(defun patchbay-rpc--add-cost (cost)
  "Add COST, a Cost or nil, to what was spent."
  (when cost
    (setq patchbay-cost (+ patchbay-cost (patchbay-types-cost-total cost)))))

(defun patchbay-rpc--later (function &rest arguments)
  "Call FUNCTION with ARGUMENTS soon, outside of the process filter."
  (apply #'run-at-time 0 nil function arguments))

(defun patchbay-rpc--stop ()
  "End the process: Emacs is left."
  (when (process-live-p patchbay-rpc--process)
    (signal-process patchbay-rpc--process 'SIGTERM)))

(add-hook 'kill-emacs-hook #'patchbay-rpc--stop)

(provide 'patchbay-rpc)
;;; patchbay-rpc.el ends here
