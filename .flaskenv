FLASK_APP=flaskr:create_app
