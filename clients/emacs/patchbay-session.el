;;; patchbay-session.el --- Choosing sessions, providers and models  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: Apache-2.0

;;; Commentary:

;; What is chosen in a chat holds there; elsewhere, from then on.

;;; Code:

(require 'patchbay-chat)

(defun patchbay-session--show-history (messages)
  "Insert MESSAGES, those of the protocol, above the prompt."
  (save-excursion
    (patchbay-stream-without-undo
      (goto-char (point-min))
      (seq-doseq (message messages)
        (patchbay-chat--insert-heading
         (if (equal (patchbay-types-stored-message-role message) "user")
             "You"
           (concat (patchbay-types-stored-message-provider message) "/"
                   (patchbay-types-stored-message-model message))))
        (setq patchbay-chat--kind nil
              patchbay-chat--stream
              (patchbay-stream-at-point 'read-only t 'front-sticky t 'rear-nonsticky t))
        (seq-doseq (part (patchbay-types-stored-message-content message))
          (pcase (patchbay-types-text-part-type part)
            ("text" (patchbay-chat--write 'text (patchbay-types-text-part-text part)))
            ("reasoning"
             (patchbay-chat--write 'reasoning (patchbay-types-reasoning-part-text part)))))
        (patchbay-stream-flush patchbay-chat--stream)
        (goto-char (patchbay-stream-end patchbay-chat--stream))
        (insert (patchbay-chat--fixed "\n\n"))))))

(defun patchbay-session--find (session)
  "Return the buffer of the chat with SESSION, an id or a name, or nil."
  (seq-find (lambda (buffer)
              (with-current-buffer buffer
                (and (derived-mode-p 'patchbay-chat-mode)
                     (member session (list patchbay-chat--session patchbay-chat--name)))))
            (buffer-list)))

(defun patchbay-session--show (buffer)
  "Show BUFFER, a chat, with point in its prompt."
  (pop-to-buffer buffer)
  (goto-char (point-max)))

;;;###autoload
(defun patchbay-new (&optional name)
  "Chat in a new session, which gets NAME, or its first words as its name.
Interactively, a prefix argument asks for the name."
  (interactive (list (and current-prefix-arg (read-string "Name: "))))
  (patchbay-session--show (patchbay-chat--buffer name)))

;;;###autoload
(defun patchbay ()
  "Chat: in the chat that was used last, or in a new one."
  (interactive)
  (let ((latest (seq-find (lambda (buffer)
                            (eq (buffer-local-value 'major-mode buffer) 'patchbay-chat-mode))
                          (buffer-list))))
    (if latest
        (patchbay-session--show latest)
      (patchbay-new))))

;;;###autoload
(defun patchbay-resume (session)
  "Chat in SESSION, a name or an id, with what was said in it.
A new name begins a session.  Interactively, offer those that exist."
  (interactive (list nil))
  (if (null session)
      (patchbay-session--choose)
    (let ((buffer (patchbay-session--find session)))
      (if buffer
          (patchbay-session--show buffer)
        (patchbay-request
         'getSession (list :session session :messages t)
         (lambda (result) (patchbay-rpc--later #'patchbay-session--open result))
         (lambda (failure)
           (if (equal (patchbay-failure-kind failure) "sessionNotFound")
               (patchbay-rpc--later #'patchbay-new session)
             (patchbay-tell-failure failure))))))))

(defun patchbay-session--open (session)
  "Show a new chat with SESSION, a SessionWithMessages."
  (let ((buffer (patchbay-chat--buffer (patchbay-types-session-name session))))
    (with-current-buffer buffer
      (patchbay-chat--set-session session)
      (patchbay-session--show-history
       (patchbay-types-session-with-messages-messages session)))
    (patchbay-session--show buffer)))

(defun patchbay-session--select (prompt choices then)
  "Ask with PROMPT for one of CHOICES, an alist; call THEN with its value.
A text that is none of them is given as it is."
  (let ((name (completing-read prompt
                               (lambda (text predicate action)
                                 ;; In the server's order.
                                 (if (eq action 'metadata)
                                     '(metadata (display-sort-function . identity))
                                   (complete-with-action action choices text predicate))))))
    (unless (string-empty-p name)
      (funcall then (alist-get name choices name nil #'equal)))))

(defun patchbay-session--choose ()
  "Offer the sessions, the newest first."
  (patchbay-request
   'listSessions nil
   (lambda (result)
     (patchbay-rpc--later
      #'patchbay-session--select "Session: "
      (mapcar (lambda (session)
                (let ((id (patchbay-types-session-id session)))
                  (cons (or (patchbay-types-session-name session) id) id)))
              (patchbay-types-list-sessions-result-sessions result))
      #'patchbay-resume))))

(defun patchbay-session--use (choice)
  "Let CHOICE, whose model may be absent, answer: here if this is a chat."
  (let ((told (lambda (result)
                (message "patchbay: %s/%s answers now"
                         (patchbay-types-switch-provider-result-provider result)
                         (patchbay-types-switch-provider-result-model result))))
        (is-chat (derived-mode-p 'patchbay-chat-mode)))
    (if (and is-chat patchbay-chat--session)
        (patchbay-request
         'switchProvider `(:session ,patchbay-chat--session ,@choice)
         (patchbay-chat--here
          (lambda (result)
            (setq patchbay-chat--choice
                  (list :provider (patchbay-types-switch-provider-result-provider result)
                        :model (patchbay-types-switch-provider-result-model result)))
            (patchbay-chat--show-model)
            (funcall told result))))
      (patchbay-use choice
                    (patchbay-chat--here
                     (lambda (result)
                       (when is-chat (patchbay-chat--show-model))
                       (funcall told result)))))))

;;;###autoload
(defun patchbay-provider ()
  "Choose who answers, of the providers that can be used now."
  (interactive)
  (patchbay-request
   'listProviders nil
   (patchbay-chat--here
    (lambda (result)
      (patchbay-rpc--later
       #'patchbay-session--select "Provider: "
       (mapcar (lambda (provider)
                 (let ((id (patchbay-types-provider-id provider)))
                   (cons id (list :provider id))))
               (seq-filter (lambda (provider)
                             (equal (patchbay-types-provider-status provider) "ready"))
                           (patchbay-types-list-providers-result-providers result)))
       (patchbay-chat--here #'patchbay-session--use-name))))))

(defun patchbay-session--use-name (choice)
  "Let CHOICE answer: a plist, or a name that was typed in."
  (patchbay-session--use (if (stringp choice) (patchbay-parse-model choice) choice)))

;;;###autoload
(defun patchbay-model ()
  "Choose the model that answers, of those that can be used now."
  (interactive)
  (patchbay-request
   'listModels '(:available t)
   (patchbay-chat--here
    (lambda (result)
      (patchbay-rpc--later
       #'patchbay-session--select "Model: "
       (mapcar (lambda (model)
                 (cons (patchbay-types-model-id model)
                       (list :provider (patchbay-types-model-provider model)
                             :model (patchbay-types-model-model model))))
               (patchbay-types-list-models-result-models result))
       (patchbay-chat--here #'patchbay-session--use-name))))))

(provide 'patchbay-session)
;;; patchbay-session.el ends here
