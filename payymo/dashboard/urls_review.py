"""The review screen: the same below `/review/` on a tenant's host and inside the staff console."""

from django.urls import path

from payymo.dashboard.views import review, review_bulk, review_decide, review_edit, review_talk

urlpatterns = [
    path("review/", review.review, name="review"),
    path("review/queue/", review.queue, name="review_queue"),
    path("review/status/", review.status, name="review_status"),
    path("review/undo/<uuid:decision_id>/", review_decide.undo, name="review_undo"),
    path("review/views/", review_talk.save_view, name="review_views"),
    path("review/views/<uuid:view_id>/remove/", review_talk.remove_view, name="review_view_remove"),
    path("review/bulk/", review_bulk.review_bulk, name="review_bulk"),
    path("review/bulk/<uuid:batch>/", review_bulk.review_batch, name="review_batch"),
    path("review/bulk/<uuid:batch>/undo/", review_bulk.undo_batch, name="review_batch_undo"),
    path("review/<uuid:receipt_id>/", review.review_item, name="review_item"),
    path("review/<uuid:receipt_id>/panel/", review.panel, name="review_panel"),
    path("review/<uuid:receipt_id>/approve/", review_decide.approve, name="review_approve"),
    path("review/<uuid:receipt_id>/reject/", review_decide.reject, name="review_reject"),
    path("review/<uuid:receipt_id>/hold/", review_decide.hold, name="review_hold"),
    path("review/<uuid:receipt_id>/ignore/", review_decide.ignore, name="review_ignore"),
    path("review/<uuid:receipt_id>/find/", review_edit.find, name="review_find"),
    path("review/<uuid:receipt_id>/split/", review_edit.split, name="review_split"),
    path("review/<uuid:receipt_id>/assign/", review_talk.assign, name="review_assign"),
    path("review/<uuid:receipt_id>/comment/", review_talk.comment, name="review_comment"),
]
