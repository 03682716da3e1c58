"""Which method of a loaded model answers a task: `predict` or `generate`."""

TASKS = {  # each has a module of its name in this folder
    "text_classification": "predict",
    "image_classification": "predict",
    "tagging": "predict",
    "punctuation": "predict",
    "forecasting": "predict",
    "next_chord": "predict",
    "speech_recognition": "predict",
    "video_classification": "predict",
    "video_tagging": "predict",
    "translation": "generate",
    "chat": "generate",
    "pronunciation": "generate",
    "question_answering": "generate",
    "transliteration": "generate",
    "captioning": "generate",
    "language_model": "generate",
    "composition": "generate",
}
