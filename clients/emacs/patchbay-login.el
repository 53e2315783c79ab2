;;; patchbay-login.el --- Logging in to a provider  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: Apache-2.0

;;; Commentary:

;; What the server wants shown is shown, what it wants to know is asked for.
;; `jsonrpc' answers a request before it reads on, which a person's answer
;; cannot wait for: so a text is asked for by `loginPrompt' and given by
;; `loginInput'.

;;; Code:

(require 'browse-url)
(require 'patchbay-session)

(defvar patchbay-login-hook nil
  "Run when a login has ended.")

(defvar patchbay-login--request nil "The login that is under way.")
(defvar patchbay-login--asking nil "The depth of the minibuffer that asks for a text.")
(defconst patchbay-login--buffer "*patchbay login*" "What shows an address or a code.")

(defvar patchbay-login-mode-map
  (let ((map (make-sparse-keymap)))
    (define-key map (kbd "RET") #'patchbay-login-browse)
    (define-key map (kbd "C-c C-k") #'patchbay-login-cancel)
    map)
  "Keys where an address is shown.")

(defvar-local patchbay-login--url nil "The address that is shown.")

(define-derived-mode patchbay-login-mode special-mode "Login"
  "Show what to do to log in.")

(defun patchbay-login-browse ()
  "Open the address that is shown."
  (interactive nil patchbay-login-mode)
  (browse-url patchbay-login--url))

(defun patchbay-login-cancel ()
  "End the login that is under way."
  (interactive)
  (patchbay-cancel-request patchbay-login--request))

(defun patchbay-login--show (params)
  "Show PARAMS, a loginPrompt: where to go, and what to type there."
  (let ((url (patchbay-types-login-prompt-params-url params))
        (code (patchbay-types-login-prompt-params-user-code params)))
    (with-current-buffer (get-buffer-create patchbay-login--buffer)
      (patchbay-login-mode)
      (setq patchbay-login--url url)
      (let ((inhibit-read-only t))
        (erase-buffer)
        (insert (substitute-command-keys "\\<patchbay-login-mode-map>\
\\[patchbay-login-browse] opens the address, \\[patchbay-login-cancel] ends the login.\n\n")
                (patchbay-types-login-prompt-params-message params) "\n\n" url "\n")
        (when code (insert "\nCode: " code "\n"))
        (goto-char (point-min)))
      (display-buffer (current-buffer)))
    (when (and url (y-or-n-p "Open the address in a browser? "))
      (browse-url url))))

(defun patchbay-login--ask (params)
  "Ask for the text that PARAMS, a loginPrompt, wants, and give it.
After an address was shown that is a code from there; else it is a key,
which nobody else shall see."
  (let* ((prompt (concat (patchbay-types-login-prompt-params-message params) " "))
         (text (unwind-protect
                   (progn
                     (setq patchbay-login--asking (minibuffer-depth))
                     (condition-case nil
                         (if (get-buffer patchbay-login--buffer)
                             (read-string prompt)
                           (read-passwd prompt))
                       (quit "")))
                 (setq patchbay-login--asking nil))))
    (cond ((null patchbay-login--request))
          ((string-empty-p text) (patchbay-login-cancel))
          (t (patchbay-request
              'loginInput
              (list :loginId (patchbay-types-login-prompt-params-login-id params) :text text)
              #'ignore)))))

(defun patchbay-login--prompted (params)
  "Do as PARAMS, a loginPrompt, want, outside of the process filter."
  (patchbay-rpc--later
   (lambda ()
     (when patchbay-login--request
       (when (patchbay-types-login-prompt-params-url params)
         (patchbay-login--show params))
       (when (equal (patchbay-types-login-prompt-params-kind params) "pasteCode")
         (patchbay-login--ask params))))))

(setf (alist-get 'loginPrompt patchbay-rpc--handlers) #'patchbay-login--prompted)

(defun patchbay-login--ended (text)
  "Note that the login has ended, and say so by TEXT."
  (setq patchbay-login--request nil)
  (patchbay-rpc--later
   (lambda ()
     (let ((buffer (get-buffer patchbay-login--buffer)))
       (when buffer (quit-windows-on buffer t)))
     (message "patchbay: %s" text)
     (run-hooks 'patchbay-login-hook)
     ;; The browser came first: the question is of no use any more.
     (when (and patchbay-login--asking (> (minibuffer-depth) patchbay-login--asking))
       (abort-recursive-edit)))))

(defun patchbay-login--start (provider method)
  "Log in to PROVIDER by METHOD, or by its usual way if that is nil."
  (setq patchbay-login--request
        (patchbay-request
         'login `(:provider ,provider ,@(and method `(:method ,method)))
         (lambda (result)
           (patchbay-login--ended
            (concat "logged in to " (patchbay-types-login-result-provider result)
                    (let ((account (patchbay-types-login-result-account result)))
                      (and account (concat " as " account))))))
         (lambda (failure)
           (patchbay-login--ended
            (if (patchbay-cancelled-p failure)
                "the login was ended; nothing is stored"
              (patchbay-describe-failure failure)))))))

(defconst patchbay-login--ways
  '(("oauth" . "in a browser") ("device" . "by a code, on any machine")
    ("apiKey" . "by an API key"))
  "The methods that need a person.")

(defun patchbay-login--methods (provider)
  "Return the methods of PROVIDER that need a person."
  (seq-filter (lambda (method) (assoc method patchbay-login--ways))
              (mapcar #'patchbay-types-provider-login-item-method
                      (patchbay-types-provider-login provider))))

(defun patchbay-login--choose-method (provider)
  "Log in to PROVIDER by a method that is asked for if there are several."
  (let ((id (patchbay-types-provider-id provider))
        (methods (patchbay-login--methods provider)))
    (if (cdr methods)
        (patchbay-session--select
         (format "Log in to %s: " (patchbay-types-provider-name provider))
         (mapcar (lambda (method)
                   (cons (alist-get method patchbay-login--ways nil nil #'equal) method))
                 methods)
         (lambda (method) (patchbay-login--start id method)))
      (patchbay-login--start id (car methods)))))

;;;###autoload
(defun patchbay-login (&optional provider method)
  "Log in to PROVIDER by METHOD; ask for what is not given.
METHOD is \"apiKey\", \"oauth\" or \"device\"."
  (interactive)
  (if (and provider method)
      (patchbay-login--start provider method)
    (patchbay-request
     'listProviders nil
     (lambda (result)
       (let ((choices (mapcar (lambda (choice)
                                (cons (patchbay-types-provider-id choice) choice))
                              (seq-filter #'patchbay-login--methods
                                          (patchbay-types-list-providers-result-providers
                                           result))))
             (then (lambda (choice)
                     (if (stringp choice)
                         (patchbay-login--start choice nil)
                       (patchbay-login--choose-method choice)))))
         (if provider
             (patchbay-rpc--later then (alist-get provider choices provider nil #'equal))
           (patchbay-rpc--later #'patchbay-session--select "Log in to: " choices then)))))))

(provide 'patchbay-login)
;;; patchbay-login.el ends here
